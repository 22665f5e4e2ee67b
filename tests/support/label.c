/* A security label provider for tests: it takes any label. It does without the server's headers, which nothing that tests/run
   installs brings: the block below is what PG_MODULE_MAGIC is in each version
   (https://www.postgresql.org/docs/current/xfunc-c.html#XFUNC-C-DYNLOAD). */
struct magic {
    int len, version, function_arguments, index_keys, name_length, float8_by_value;
#if MAJOR >= 15
    char abi[32];
#endif
#if MAJOR >= 18
    const char *name, *release;
#endif
};

const struct magic *Pg_magic_func(void) {
    static const struct magic magic = {
        sizeof magic, MAJOR * 100, 100, 32, 64, 1,
#if MAJOR >= 15
        "PostgreSQL",
#endif
    };
    return &magic;
}

#ifndef STUBS
extern void register_label_provider(const char *name, void (*check)(const void *object, const char *label));

static void any(const void *object, const char *label) { (void)object, (void)label; }

void _PG_init(void) { register_label_provider("label of msr", any); }
#endif
