/* Counts the writes of a process and ends it at the one that MSR_SHIM_AT numbers, before it is done. For tests/crash. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

static long count, at;
static int signal_to_send = SIGKILL;
static const char *path;

__attribute__((constructor)) static void begin(void) {
    const char *text = getenv("MSR_SHIM_AT");
    at = text ? atol(text) : 0;
    text = getenv("MSR_SHIM_SIGNAL");
    if (text) signal_to_send = atoi(text);
    path = getenv("MSR_SHIM_COUNT");
}

__attribute__((destructor)) static void end(void) {
    FILE *file = path ? fopen(path, "w") : NULL;
    if (file) {
        fprintf(file, "%ld\n", count);
        fclose(file);
    }
}

static void moment(void) {
    if (++count == at) kill(getpid(), signal_to_send);
}

#define REAL(name) ({ static __typeof__(&name) real; if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name); real; })

ssize_t pwrite64(int fd, const void *bytes, size_t n, off64_t offset) { moment(); return REAL(pwrite64)(fd, bytes, n, offset); }
ssize_t pwrite(int fd, const void *bytes, size_t n, off_t offset) { moment(); return REAL(pwrite)(fd, bytes, n, offset); }
int fsync(int fd) { moment(); return REAL(fsync)(fd); }
int fdatasync(int fd) { moment(); return REAL(fdatasync)(fd); }
int ftruncate64(int fd, off64_t length) { moment(); return REAL(ftruncate64)(fd, length); }
int unlink(const char *name) { moment(); return REAL(unlink)(name); }
