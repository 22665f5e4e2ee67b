//! Templates of the kinds beside tables, keys, views and types, each in several shapes, and what only newer servers know of them.

pub struct Template {
    /// At most one in a schema: its name can't be chosen, or it would meet another of its sort.
    pub once: bool,
    pub shapes: &'static [&'static str],
}

const fn many(shapes: &'static [&'static str]) -> Template {
    Template { once: false, shapes }
}

const fn once(shapes: &'static [&'static str]) -> Template {
    Template { once: true, shapes }
}

/// Not here: roles and memberships (they are the server's, and tests share it), and options of user mappings (they hold
/// secrets, which msr never reads and so can't put back).
/// A subscription has the connection that msr writes in place of the real one, for the same reason.
pub const TEMPLATES: &[Template] = &[
    // Schemas, with what is in them.
    many(&[
        "CREATE SCHEMA x{n}",
        "CREATE SCHEMA x{n}; CREATE TABLE x{n}.t (a integer PRIMARY KEY)",
        "CREATE SCHEMA x{n}; CREATE TABLE x{n}.t (a integer PRIMARY KEY, b text); CREATE VIEW x{n}.v AS SELECT b FROM x{n}.t",
        "CREATE SCHEMA x{n}; COMMENT ON SCHEMA x{n} IS 'it''s'; GRANT USAGE ON SCHEMA x{n} TO PUBLIC",
    ]),
    once(&["CREATE EXTENSION citext", "CREATE EXTENSION citext; COMMENT ON EXTENSION citext IS 'ours'"]),
    once(&["CREATE EXTENSION hstore; CREATE TABLE xh{n} (a hstore)", "CREATE EXTENSION hstore"]),
    // Composite types, ranges.
    many(&[
        "CREATE TYPE x{n} AS (b text, a integer)",
        "CREATE TYPE x{n} AS (b text, a bigint, c date)",
        "CREATE TYPE x{n} AS (b text COLLATE \"C\"); COMMENT ON TYPE x{n} IS 'one'",
        "CREATE TYPE x{n} AS (b text, a integer); CREATE TABLE xt{n} (v x{n}, w x{n}[])",
    ]),
    many(&[
        "CREATE TYPE x{n} AS RANGE (subtype = integer)",
        "CREATE TYPE x{n} AS RANGE (subtype = float8, subtype_diff = float8mi, multirange_type_name = xm{n})",
        "CREATE TYPE x{n} AS RANGE (subtype = text, collation = \"C\"); CREATE TABLE xt{n} (r x{n} DEFAULT 'empty')",
    ]),
    // Partitioned tables: by range, list, hash.
    many(&[
        "CREATE TABLE x{n} (a integer NOT NULL, b text) PARTITION BY RANGE (a)",
        "CREATE TABLE x{n} (a integer NOT NULL, b text) PARTITION BY RANGE (a); \
         CREATE TABLE xa{n} PARTITION OF x{n} FOR VALUES FROM (0) TO (10); CREATE INDEX xi{n} ON x{n} (b)",
        "CREATE TABLE x{n} (a integer NOT NULL, b text) PARTITION BY RANGE (a); \
         CREATE TABLE xa{n} PARTITION OF x{n} FOR VALUES FROM (0) TO (20); \
         CREATE TABLE xb{n} PARTITION OF x{n} DEFAULT; ALTER TABLE x{n} ADD CONSTRAINT xk{n} PRIMARY KEY (a)",
        "CREATE TABLE x{n} (a integer NOT NULL, b text, c bigint DEFAULT 4) PARTITION BY RANGE (a); \
         CREATE TABLE xa{n} (a integer NOT NULL, b text, c bigint DEFAULT 5); \
         ALTER TABLE x{n} ATTACH PARTITION xa{n} FOR VALUES FROM (0) TO (10); \
         CREATE TABLE xb{n} PARTITION OF x{n} FOR VALUES FROM (10) TO (20) PARTITION BY LIST (b)",
        "CREATE TABLE x{n} (a integer NOT NULL, b text) PARTITION BY RANGE (a); CREATE TABLE xa{n} (a integer NOT NULL, b text)",
    ]),
    many(&[
        "CREATE TABLE x{n} (a integer, b text) PARTITION BY HASH (a); \
         CREATE TABLE xa{n} PARTITION OF x{n} FOR VALUES WITH (MODULUS 2, REMAINDER 0)",
        "CREATE TABLE x{n} (a integer, b text) PARTITION BY HASH (a); \
         CREATE TABLE xa{n} PARTITION OF x{n} FOR VALUES WITH (MODULUS 4, REMAINDER 0); \
         CREATE TABLE xb{n} PARTITION OF x{n} FOR VALUES WITH (MODULUS 4, REMAINDER 1); CREATE INDEX xi{n} ON ONLY x{n} (b)",
        "CREATE TABLE x{n} (a integer, b text) PARTITION BY LIST (b); \
         CREATE TABLE xa{n} PARTITION OF x{n} FOR VALUES IN ('x', 'y', NULL); \
         ALTER TABLE x{n} ADD CONSTRAINT xc{n} CHECK (a > 0)",
    ]),
    // Inheritance.
    many(&[
        "CREATE TABLE x{n} (a integer, b text); CREATE TABLE xc{n} (c integer) INHERITS (x{n})",
        "CREATE TABLE x{n} (a integer, b text, d date); CREATE TABLE xc{n} (c integer) INHERITS (x{n})",
        "CREATE TABLE x{n} (a integer, b text, CONSTRAINT xk{n} CHECK (a > 0)); CREATE TABLE xc{n} (c integer) INHERITS (x{n})",
        "CREATE TABLE x{n} (a integer, b text, CONSTRAINT xk{n} CHECK (a > 0) NO INHERIT)",
    ]),
    // A column that the heir had before stays its own as well, and no ALTER takes that from it.
    many(&[
        "CREATE TABLE x{n} (a integer, b text); CREATE TABLE xc{n} (a integer, b text, c integer)",
        "CREATE TABLE x{n} (a integer, b text); CREATE TABLE xc{n} (a integer, b text, c integer) INHERITS (x{n})",
    ]),
    // Row security.
    many(&[
        "ALTER TABLE {t} ENABLE ROW LEVEL SECURITY; CREATE POLICY x{n} ON {t} USING (id > 0)",
        "ALTER TABLE {t} ENABLE ROW LEVEL SECURITY; CREATE POLICY x{n} ON {t} USING (id > 1)",
        "CREATE POLICY x{n} ON {t} FOR INSERT TO pg_monitor WITH CHECK (id > 0); COMMENT ON POLICY x{n} ON {t} IS 'p'",
        "CREATE POLICY x{n} ON {t} AS RESTRICTIVE FOR UPDATE TO pg_monitor, pg_read_all_data USING (id > 0) WITH CHECK (id > 1)",
    ]),
    // Rules and event triggers.
    many(&[
        "CREATE RULE x{n} AS ON DELETE TO {t} WHERE OLD.id < 0 DO INSTEAD NOTHING",
        "CREATE RULE x{n} AS ON DELETE TO {t} WHERE OLD.id < -1 DO INSTEAD NOTHING; COMMENT ON RULE x{n} ON {t} IS 'r'",
        "CREATE RULE x{n} AS ON INSERT TO {t} WHERE NEW.id < 0 DO ALSO SELECT 1",
    ]),
    many(&[
        "CREATE FUNCTION x{n}() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'; \
         CREATE EVENT TRIGGER xe{n} ON ddl_command_end EXECUTE FUNCTION x{n}()",
        "CREATE FUNCTION x{n}() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'; \
         CREATE EVENT TRIGGER xe{n} ON sql_drop WHEN TAG IN ('DROP TABLE', 'DROP VIEW') EXECUTE FUNCTION x{n}()",
        "CREATE FUNCTION x{n}() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'; \
         CREATE EVENT TRIGGER xe{n} ON ddl_command_end EXECUTE FUNCTION x{n}(); ALTER EVENT TRIGGER xe{n} DISABLE; \
         COMMENT ON EVENT TRIGGER xe{n} IS 'off'",
    ]),
    // Code: aggregates, procedures, functions with SQL bodies, operators and their classes, casts, languages, transforms.
    many(&[
        "CREATE AGGREGATE x{n}(integer) (SFUNC = int4pl, STYPE = integer)",
        "CREATE AGGREGATE x{n}(integer) (SFUNC = int4pl, STYPE = integer, INITCOND = '3', PARALLEL = SAFE)",
        "CREATE AGGREGATE x{n}(float8) (SFUNC = float8pl, STYPE = float8); COMMENT ON AGGREGATE x{n}(float8) IS 'sum'",
    ]),
    many(&[
        "CREATE PROCEDURE x{n}(a integer) LANGUAGE sql AS 'SELECT a'",
        "CREATE PROCEDURE x{n}(a integer, INOUT b text) LANGUAGE plpgsql SECURITY DEFINER SET work_mem = '4MB' AS 'BEGIN END'",
    ]),
    many(&[
        "CREATE FUNCTION x{n}() RETURNS bigint LANGUAGE sql STABLE BEGIN ATOMIC SELECT count(*) FROM {t}; END",
        "CREATE FUNCTION x{n}() RETURNS bigint LANGUAGE sql STABLE BEGIN ATOMIC SELECT max(id) FROM {t}; END; \
         COMMENT ON FUNCTION x{n}() IS 'f'; REVOKE EXECUTE ON FUNCTION x{n}() FROM PUBLIC",
        "CREATE FUNCTION x{n}() RETURNS SETOF {t} LANGUAGE plpgsql STABLE ROWS 7 AS 'BEGIN END'",
    ]),
    many(&[
        "CREATE TYPE x{n} AS (a integer); \
         CREATE FUNCTION xf{n}(x{n}, integer) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1.a = $2'; \
         CREATE OPERATOR @@@ (LEFTARG = x{n}, RIGHTARG = integer, FUNCTION = xf{n})",
        "CREATE TYPE x{n} AS (a integer); \
         CREATE FUNCTION xf{n}(x{n}, integer) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1.a = $2'; \
         CREATE OPERATOR @@@ (LEFTARG = x{n}, RIGHTARG = integer, FUNCTION = xf{n}, RESTRICT = eqsel, JOIN = eqjoinsel); \
         COMMENT ON OPERATOR @@@ (x{n}, integer) IS 'in'",
        "CREATE TYPE x{n} AS (a integer); \
         CREATE FUNCTION xf{n}(x{n}, integer) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1.a = $2'",
    ]),
    many(&[
        "CREATE OPERATOR FAMILY x{n} USING btree; \
         CREATE OPERATOR CLASS xc{n} FOR TYPE integer USING btree FAMILY x{n} AS OPERATOR 1 <, OPERATOR 2 <=, \
         OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 btint4cmp(integer, integer)",
        "CREATE OPERATOR FAMILY x{n} USING btree; \
         ALTER OPERATOR FAMILY x{n} USING btree ADD OPERATOR 1 < (integer, bigint), FUNCTION 1 btint48cmp(integer, bigint)",
        "CREATE OPERATOR CLASS xc{n} FOR TYPE integer USING hash AS OPERATOR 1 =, FUNCTION 1 hashint4(integer)",
    ]),
    many(&[
        "CREATE TYPE x{n} AS (a integer); CREATE FUNCTION xf{n}(x{n}) RETURNS integer LANGUAGE sql AS 'SELECT $1.a'; \
         CREATE CAST (x{n} AS integer) WITH FUNCTION xf{n}(x{n})",
        "CREATE TYPE x{n} AS (a integer); CREATE FUNCTION xf{n}(x{n}) RETURNS integer LANGUAGE sql AS 'SELECT $1.a'; \
         CREATE CAST (x{n} AS integer) WITH FUNCTION xf{n}(x{n}) AS ASSIGNMENT; COMMENT ON CAST (x{n} AS integer) IS 'c'",
        "CREATE TYPE x{n} AS (a integer); CREATE CAST (x{n} AS text) WITH INOUT AS IMPLICIT",
    ]),
    many(&[
        "CREATE LANGUAGE x{n} HANDLER plpgsql_call_handler",
        "CREATE TRUSTED LANGUAGE x{n} HANDLER plpgsql_call_handler INLINE plpgsql_inline_handler VALIDATOR plpgsql_validator; \
         CREATE FUNCTION xf{n}() RETURNS void LANGUAGE x{n} AS 'BEGIN END'",
    ]),
    many(&[
        "CREATE TYPE x{n} AS (a integer); CREATE TRANSFORM FOR x{n} LANGUAGE sql (FROM SQL WITH FUNCTION prsd_lextype(internal))",
        "CREATE TYPE x{n} AS (a integer); \
         CREATE TRANSFORM FOR x{n} LANGUAGE plpgsql (FROM SQL WITH FUNCTION prsd_lextype(internal))",
    ]),
    // Collations, conversions, text search.
    many(&[
        "CREATE COLLATION x{n} (LOCALE = 'C')",
        "CREATE COLLATION x{n} (LOCALE = 'POSIX'); CREATE TABLE xt{n} (a text COLLATE x{n})",
        "CREATE COLLATION x{n} (LOCALE = 'C'); CREATE TABLE xt{n} (a text COLLATE x{n})",
    ]),
    many(&[
        "CREATE CONVERSION x{n} FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8",
        "CREATE CONVERSION x{n} FOR 'LATIN2' TO 'UTF8' FROM iso8859_to_utf8; COMMENT ON CONVERSION x{n} IS 'c'",
    ]),
    many(&[
        "CREATE TEXT SEARCH DICTIONARY x{n} (TEMPLATE = simple)",
        "CREATE TEXT SEARCH DICTIONARY x{n} (TEMPLATE = simple, ACCEPT = false); \
         CREATE TEXT SEARCH CONFIGURATION xc{n} (PARSER = \"default\"); \
         ALTER TEXT SEARCH CONFIGURATION xc{n} ADD MAPPING FOR word WITH x{n}",
        "CREATE TEXT SEARCH DICTIONARY x{n} (TEMPLATE = simple, ACCEPT = true); \
         CREATE TEXT SEARCH CONFIGURATION xc{n} (PARSER = \"default\"); \
         ALTER TEXT SEARCH CONFIGURATION xc{n} ADD MAPPING FOR word, asciiword WITH x{n}, simple",
    ]),
    many(&[
        "CREATE TEXT SEARCH PARSER x{n} (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype)",
        "CREATE TEXT SEARCH PARSER x{n} (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, \
         HEADLINE = prsd_headline, LEXTYPES = prsd_lextype)",
    ]),
    many(&[
        "CREATE TEXT SEARCH TEMPLATE x{n} (LEXIZE = dsimple_lexize)",
        "CREATE TEXT SEARCH TEMPLATE x{n} (INIT = dsimple_init, LEXIZE = dsimple_lexize)",
    ]),
    // Statistics, exclusion, settings of tables and columns.
    many(&[
        "CREATE STATISTICS x{n} ON (id + 1), (id * 2) FROM {t}",
        "CREATE STATISTICS x{n} (ndistinct) ON (id + 1), (id * 2) FROM {t}; ALTER STATISTICS x{n} SET STATISTICS 50",
        "CREATE STATISTICS x{n} ON (id % 3) FROM {t}; COMMENT ON STATISTICS x{n} IS 's'",
    ]),
    many(&[
        "ALTER TABLE {t} ADD CONSTRAINT x{n} EXCLUDE USING btree (id WITH =)",
        "ALTER TABLE {t} ADD CONSTRAINT x{n} EXCLUDE USING btree (id WITH =) WHERE (id > 3) DEFERRABLE",
        "ALTER TABLE {t} ADD CONSTRAINT x{n} CHECK (id > -5) NOT VALID",
        "ALTER TABLE {t} ADD CONSTRAINT x{n} CHECK (id > -5); COMMENT ON CONSTRAINT x{n} ON {t} IS 'k'",
    ]),
    many(&[
        "CREATE TABLE x{n} (a integer, b text)",
        "CREATE TABLE x{n} (a integer, b text) WITH (autovacuum_enabled = false, fillfactor = 70)",
        "CREATE TABLE x{n} (a integer, b text); ALTER TABLE x{n} ALTER b SET STORAGE EXTERNAL, ALTER a SET STATISTICS 7",
        "CREATE TABLE x{n} (a integer, b text); ALTER TABLE x{n} REPLICA IDENTITY FULL; ALTER TABLE x{n} ALTER b SET STORAGE MAIN",
        "CREATE TABLE x{n} (a integer, b text COMPRESSION pglz); ALTER TABLE x{n} ALTER b SET (n_distinct = 5); \
         CREATE INDEX xi{n} ON x{n} (a) WITH (fillfactor = 60); ALTER TABLE x{n} CLUSTER ON xi{n}",
        "CREATE TABLE x{n} (a integer GENERATED ALWAYS AS IDENTITY (START 5 INCREMENT 3), b text GENERATED ALWAYS AS ('k') STORED)",
        "CREATE TABLE x{n} (a integer, b text, UNIQUE NULLS NOT DISTINCT (a) INCLUDE (b)); CREATE UNIQUE INDEX xi{n} ON x{n} (b DESC NULLS LAST)",
    ]),
    many(&[
        "CREATE ACCESS METHOD x{n} TYPE TABLE HANDLER heap_tableam_handler",
        "CREATE ACCESS METHOD x{n} TYPE INDEX HANDLER bthandler",
    ]),
    // Replication.
    many(&[
        "CREATE PUBLICATION x{n}",
        "CREATE PUBLICATION x{n} FOR TABLE {t}",
        "CREATE PUBLICATION x{n} FOR TABLE {t} (id) WHERE (id > 0) WITH (publish = 'insert')",
        "CREATE PUBLICATION x{n} FOR ALL TABLES WITH (publish = 'insert, truncate')",
        "CREATE SCHEMA xs{n}; CREATE PUBLICATION x{n} FOR TABLES IN SCHEMA xs{n}",
    ]),
    many(&[
        "CREATE SUBSCRIPTION x{n} CONNECTION 'dbname=msr_does_not_know_where' PUBLICATION a WITH (connect = false)",
        "CREATE SUBSCRIPTION x{n} CONNECTION 'dbname=msr_does_not_know_where' PUBLICATION a, b WITH (connect = false, binary = true)",
    ]),
    // Foreign data.
    many(&[
        "CREATE FOREIGN DATA WRAPPER x{n}",
        "CREATE FOREIGN DATA WRAPPER x{n} OPTIONS (a '1'); CREATE SERVER xs{n} FOREIGN DATA WRAPPER x{n}",
        "CREATE FOREIGN DATA WRAPPER x{n} OPTIONS (a '2', b 'it''s'); \
         CREATE SERVER xs{n} TYPE 'k' VERSION '1' FOREIGN DATA WRAPPER x{n} OPTIONS (host 'h'); \
         CREATE FOREIGN TABLE xt{n} (a integer NOT NULL, b text OPTIONS (c 'd')) SERVER xs{n} OPTIONS (e 'f'); \
         CREATE USER MAPPING FOR PUBLIC SERVER xs{n}",
        "CREATE FOREIGN DATA WRAPPER x{n}; CREATE SERVER xs{n} FOREIGN DATA WRAPPER x{n} OPTIONS (host 'i', port '1'); \
         CREATE FOREIGN TABLE xt{n} (a bigint DEFAULT 3, CONSTRAINT xk{n} CHECK (a > 0)) SERVER xs{n}; \
         COMMENT ON SERVER xs{n} IS 's'",
    ]),
    // Owners, grants, default privileges.
    many(&[
        "GRANT SELECT ON {t} TO pg_monitor",
        "GRANT SELECT, INSERT ON {t} TO pg_monitor WITH GRANT OPTION; GRANT SELECT (id), UPDATE (id) ON {t} TO pg_read_all_data",
        "GRANT ALL ON {t} TO pg_monitor; GRANT TRIGGER ON {t} TO PUBLIC",
    ]),
    many(&[
        "CREATE SEQUENCE x{n} AS smallint START 5 MAXVALUE 90; ALTER SEQUENCE x{n} OWNER TO pg_monitor",
        "CREATE SEQUENCE x{n}; ALTER SEQUENCE x{n} OWNER TO pg_database_owner; GRANT USAGE ON SEQUENCE x{n} TO pg_monitor",
        "CREATE TABLE xt{n} (a integer); CREATE SEQUENCE x{n} OWNED BY xt{n}.a; ALTER TABLE xt{n} OWNER TO pg_monitor",
    ]),
    many(&[
        "CREATE SCHEMA x{n}; ALTER DEFAULT PRIVILEGES IN SCHEMA x{n} GRANT SELECT ON TABLES TO pg_monitor",
        "CREATE SCHEMA x{n}; ALTER DEFAULT PRIVILEGES IN SCHEMA x{n} GRANT SELECT, INSERT ON TABLES TO pg_monitor; \
         ALTER DEFAULT PRIVILEGES IN SCHEMA x{n} GRANT EXECUTE ON FUNCTIONS TO pg_monitor WITH GRANT OPTION",
    ]),
    // Views with options, and what stands on a materialised one.
    many(&[
        "CREATE VIEW x{n} AS SELECT id FROM {t}",
        "CREATE VIEW x{n} WITH (security_barrier = true, security_invoker = true) AS SELECT id FROM {t}",
        "CREATE VIEW x{n} AS SELECT id, id + 1 AS next FROM {t} WHERE id > 0 WITH LOCAL CHECK OPTION; ALTER VIEW x{n} ALTER id SET DEFAULT 3",
        "CREATE MATERIALIZED VIEW x{n} AS SELECT id, id + 2 AS next FROM {t}; CREATE UNIQUE INDEX xi{n} ON x{n} (id); COMMENT ON COLUMN x{n}.id IS 'i'",
        "CREATE MATERIALIZED VIEW x{n} WITH (fillfactor = 80) AS SELECT id FROM {t} WITH NO DATA",
    ]),
    // Security labels, by the provider that the tests bring.
    many(&[
        "CREATE TABLE x{n} (a integer, b text); SECURITY LABEL ON TABLE x{n} IS 'secret'",
        "CREATE TABLE x{n} (a bigint, b text); SECURITY LABEL ON COLUMN x{n}.a IS 'it''s'; SECURITY LABEL ON TABLE x{n} IS 'open'",
        "CREATE TABLE x{n} (a integer, b text); CREATE VIEW xv{n} AS SELECT a FROM x{n}; SECURITY LABEL ON VIEW xv{n} IS 'secret'",
        "CREATE FUNCTION x{n}(a integer) RETURNS integer LANGUAGE sql AS 'SELECT 1'; SECURITY LABEL ON FUNCTION x{n}(integer) IS 'f'",
    ]),
    // What is said of the sequence behind an identity.
    many(&[
        "CREATE TABLE x{n} (a integer GENERATED ALWAYS AS IDENTITY, b text); GRANT USAGE ON SEQUENCE x{n}_a_seq TO pg_monitor",
        "CREATE TABLE x{n} (a bigint GENERATED BY DEFAULT AS IDENTITY, b text); COMMENT ON SEQUENCE x{n}_a_seq IS 'behind'",
        "CREATE TABLE x{n} (a integer NOT NULL, b text)",
        "CREATE TABLE x{n} (a serial, b text); GRANT SELECT ON SEQUENCE x{n}_a_seq TO pg_monitor WITH GRANT OPTION",
    ]),
    // Logged or not, with the table and unlike it.
    many(&[
        "CREATE TABLE x{n} (a serial, b text); CREATE SEQUENCE xs{n}",
        "CREATE UNLOGGED TABLE x{n} (a serial, b text); CREATE UNLOGGED SEQUENCE xs{n}",
        "CREATE UNLOGGED TABLE x{n} (a serial, b text); ALTER SEQUENCE x{n}_a_seq SET LOGGED",
        "CREATE TABLE x{n} (a integer GENERATED ALWAYS AS IDENTITY, b text); ALTER SEQUENCE x{n}_a_seq SET UNLOGGED",
        "CREATE UNLOGGED TABLE x{n} (a integer GENERATED ALWAYS AS IDENTITY, b text); ALTER SEQUENCE x{n}_a_seq SET LOGGED",
        "CREATE UNLOGGED TABLE x{n} (a integer GENERATED ALWAYS AS IDENTITY, b text)",
    ]),
    // NOT NULL by name, pending, and what is said of it.
    many(&[
        "CREATE TABLE x{n} (a integer NOT NULL, b text); CREATE DOMAIN xd{n} AS integer NOT NULL",
        "CREATE TABLE x{n} (a integer CONSTRAINT xn{n} NOT NULL, b text NOT NULL); COMMENT ON CONSTRAINT xn{n} ON x{n} IS 'n'; \
         CREATE DOMAIN xd{n} AS integer CONSTRAINT xo{n} NOT NULL",
        "CREATE TABLE x{n} (a integer, b text CONSTRAINT xn{n} NOT NULL); ALTER TABLE x{n} ADD CONSTRAINT xm{n} NOT NULL a NOT VALID; \
         CREATE DOMAIN xd{n} AS integer CONSTRAINT xp{n} NOT NULL; COMMENT ON CONSTRAINT xp{n} ON DOMAIN xd{n} IS 'd'",
        "CREATE TABLE x{n} (a integer CONSTRAINT xn{n} NOT NULL, b text); CREATE TABLE xc{n} () INHERITS (x{n}); CREATE DOMAIN xd{n} AS integer",
    ]),
    // Columns that are computed when they are read, keys that hold for a time, keys that nobody checks.
    many(&[
        "CREATE TABLE x{n} (a integer, b integer GENERATED ALWAYS AS (a + 1) VIRTUAL)",
        "CREATE TABLE x{n} (a integer, b integer GENERATED ALWAYS AS (a + 2) VIRTUAL NOT NULL)",
        "CREATE TABLE x{n} (a integer, b integer)",
        "CREATE TABLE x{n} (a integer, b integer GENERATED ALWAYS AS (a + 1) STORED)",
    ]),
    many(&[
        "CREATE TABLE x{n} (a int4range, b daterange, CONSTRAINT xk{n} PRIMARY KEY (a, b WITHOUT OVERLAPS))",
        "CREATE TABLE x{n} (a int4range, b daterange, CONSTRAINT xk{n} UNIQUE (a, b WITHOUT OVERLAPS))",
        "CREATE TABLE x{n} (a int4range, b daterange, CONSTRAINT xk{n} PRIMARY KEY (a, b WITHOUT OVERLAPS)); \
         CREATE TABLE xr{n} (c int4range, d daterange, CONSTRAINT xf{n} FOREIGN KEY (c, PERIOD d) REFERENCES x{n} (a, PERIOD b))",
        "CREATE TABLE x{n} (a int4range, b daterange)",
    ]),
    many(&[
        "CREATE TABLE x{n} (a integer, CONSTRAINT xc{n} CHECK (a > 0) NOT ENFORCED, b integer CONSTRAINT xf{n} REFERENCES {t} NOT ENFORCED)",
        "CREATE TABLE x{n} (a integer, CONSTRAINT xc{n} CHECK (a > 0), b integer CONSTRAINT xf{n} REFERENCES {t})",
        "CREATE TABLE x{n} (a integer, b integer)",
    ]),
    // A type of bytes.
    many(&[
        "CREATE TYPE x{n}; CREATE FUNCTION xi{n}(cstring) RETURNS x{n} LANGUAGE internal IMMUTABLE STRICT AS 'textin'; \
         CREATE FUNCTION xo{n}(x{n}) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'textout'; \
         CREATE TYPE x{n} (INPUT = xi{n}, OUTPUT = xo{n}, LIKE = text)",
        "CREATE TYPE x{n}; CREATE FUNCTION xi{n}(cstring) RETURNS x{n} LANGUAGE internal IMMUTABLE STRICT AS 'textin'; \
         CREATE FUNCTION xo{n}(x{n}) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'textout'; \
         CREATE TYPE x{n} (INPUT = xi{n}, OUTPUT = xo{n}, LIKE = text, CATEGORY = 'S'); CREATE TABLE xt{n} (a x{n}, b x{n}[])",
    ]),
    // Foreign partitions.
    many(&[
        "CREATE FOREIGN DATA WRAPPER xw{n}; CREATE SERVER xs{n} FOREIGN DATA WRAPPER xw{n}; \
         CREATE TABLE x{n} (a integer, b text) PARTITION BY LIST (a); \
         CREATE FOREIGN TABLE xa{n} PARTITION OF x{n} FOR VALUES IN (1) SERVER xs{n}",
        "CREATE FOREIGN DATA WRAPPER xw{n}; CREATE SERVER xs{n} FOREIGN DATA WRAPPER xw{n}; \
         CREATE TABLE x{n} (a integer, b text, c date) PARTITION BY LIST (a); \
         CREATE FOREIGN TABLE xa{n} PARTITION OF x{n} FOR VALUES IN (2, 3) SERVER xs{n} OPTIONS (o 'p'); \
         CREATE TABLE xb{n} PARTITION OF x{n} FOR VALUES IN (1)",
        "CREATE FOREIGN DATA WRAPPER xw{n}; CREATE SERVER xs{n} FOREIGN DATA WRAPPER xw{n}; \
         CREATE TABLE x{n} (a integer, b text); CREATE FOREIGN TABLE xa{n} (c integer) INHERITS (x{n}) SERVER xs{n}",
    ]),
    // Functions whose arguments change, and all that stands on them.
    many(&[
        "CREATE FUNCTION x{n}(a integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT $1 + 1'; \
         CREATE TABLE xt{n} (a integer DEFAULT x{n}(2), b integer GENERATED ALWAYS AS (1) STORED, CONSTRAINT xk{n} CHECK (x{n}(a) > 0)); \
         CREATE INDEX xi{n} ON xt{n} (x{n}(a)); CREATE VIEW xv{n} AS SELECT x{n}(a) AS b FROM xt{n}",
        "CREATE FUNCTION x{n}(a integer, b integer DEFAULT 3) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT $1 + $2'; \
         CREATE TABLE xt{n} (a integer DEFAULT x{n}(2), b integer GENERATED ALWAYS AS (1) STORED, CONSTRAINT xk{n} CHECK (x{n}(a) > 0)); \
         CREATE INDEX xi{n} ON xt{n} (x{n}(a)); CREATE VIEW xv{n} AS SELECT x{n}(a) AS b FROM xt{n}",
        "CREATE FUNCTION x{n}(other integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT $1 + 4'; \
         CREATE TABLE xt{n} (a integer, b integer GENERATED ALWAYS AS (x{n}(a)) STORED); \
         CREATE POLICY xp{n} ON xt{n} USING (x{n}(a) > 1); CREATE INDEX xi{n} ON xt{n} (a) WHERE x{n}(a) > 5",
        "CREATE FUNCTION x{n}(a integer) RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT $1::bigint'; \
         CREATE TABLE xt{n} (a integer, CONSTRAINT xk{n} CHECK (x{n}(a) > 0)); \
         CREATE MATERIALIZED VIEW xv{n} AS SELECT x{n}(a) AS b FROM xt{n}; CREATE INDEX xi{n} ON xv{n} (b)",
    ]),
    many(&[
        "CREATE FUNCTION x{n}(a integer, OUT b integer, OUT c text) LANGUAGE sql AS 'SELECT 1, ''x'''",
        "CREATE FUNCTION x{n}(a integer, OUT b bigint) LANGUAGE sql AS 'SELECT 1::bigint'",
        "CREATE FUNCTION x{n}(a integer) RETURNS TABLE (b integer, c text) LANGUAGE sql ROWS 5 COST 7 AS 'SELECT 1, ''y'''",
        "CREATE FUNCTION x{n}(VARIADIC a integer[]) RETURNS integer LANGUAGE sql STRICT PARALLEL SAFE LEAKPROOF AS 'SELECT 1'; \
         CREATE FUNCTION x{n}(a text) RETURNS text LANGUAGE sql AS 'SELECT $1'; COMMENT ON FUNCTION x{n}(text) IS 'another'",
    ]),
    // Domains and enums under other types. A column that leaves a domain for the one that it was made of, which changes as well, is
    // refused: the table of the second shape has a name of its own.
    many(&[
        "CREATE DOMAIN x{n} AS integer CHECK (VALUE > 0); CREATE TABLE xt{n} (a x{n}, b x{n}[])",
        "CREATE DOMAIN x{n} AS integer NOT NULL DEFAULT 5 CHECK (VALUE > 1); CREATE DOMAIN xd{n} AS x{n}; CREATE TABLE xu{n} (a xd{n})",
        "CREATE DOMAIN x{n} AS bigint CHECK (VALUE > 0); CREATE TYPE xc{n} AS (a x{n}); CREATE TABLE xt{n} (a x{n}, c xc{n})",
        "CREATE DOMAIN x{n} AS text COLLATE \"C\"; CREATE FUNCTION xf{n}(x{n}) RETURNS x{n} LANGUAGE sql AS 'SELECT $1'",
    ]),
    many(&[
        "CREATE TYPE x{n} AS ENUM ('a', 'b'); CREATE TABLE xt{n} (a x{n}, b x{n}[] DEFAULT '{a}')",
        "CREATE TYPE x{n} AS ENUM ('b', 'a'); CREATE TABLE xt{n} (a x{n} DEFAULT 'a', b x{n}[]); CREATE VIEW xv{n} AS SELECT a FROM xt{n}",
        "CREATE TYPE x{n} AS ENUM ('a', 'c', 'b'); CREATE TABLE xt{n} (a x{n}, b x{n}[], CHECK (a <> 'c')); \
         CREATE INDEX xi{n} ON xt{n} (a) WHERE a = 'a'",
        "CREATE TYPE x{n} AS ENUM ('a'); CREATE TYPE xr{n} AS RANGE (subtype = x{n}); \
         CREATE FUNCTION xf{n}(x{n} DEFAULT 'a') RETURNS x{n}[] LANGUAGE sql AS 'SELECT NULL::x{n}[]'",
    ]),
    // Triggers of every sort.
    many(&[
        "CREATE FUNCTION x{n}() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; \
         CREATE CONSTRAINT TRIGGER xt{n} AFTER INSERT ON {t} DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION x{n}()",
        "CREATE FUNCTION x{n}() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; \
         CREATE TRIGGER xt{n} AFTER UPDATE ON {t} REFERENCING OLD TABLE AS o NEW TABLE AS n FOR EACH STATEMENT \
         EXECUTE FUNCTION x{n}('a', 'it''s')",
        "CREATE FUNCTION x{n}() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; \
         CREATE TRIGGER xt{n} AFTER TRUNCATE ON {t} EXECUTE FUNCTION x{n}(); ALTER TABLE {t} ENABLE ALWAYS TRIGGER xt{n}",
        "CREATE FUNCTION x{n}() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; \
         CREATE VIEW xv{n} AS SELECT id FROM {t}; CREATE TRIGGER xt{n} INSTEAD OF DELETE ON xv{n} FOR EACH ROW EXECUTE FUNCTION x{n}(); \
         COMMENT ON TRIGGER xt{n} ON xv{n} IS 't'",
    ]),
    many(&[
        "CREATE TABLE x{n} (a integer PRIMARY KEY, b text) PARTITION BY RANGE (a); \
         CREATE TABLE xa{n} PARTITION OF x{n} FOR VALUES FROM (0) TO (10); \
         CREATE FUNCTION xf{n}() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; \
         CREATE TRIGGER xt{n} BEFORE INSERT ON x{n} FOR EACH ROW EXECUTE FUNCTION xf{n}()",
        "CREATE TABLE x{n} (a integer PRIMARY KEY, b text) PARTITION BY RANGE (a); \
         CREATE TABLE xa{n} PARTITION OF x{n} FOR VALUES FROM (0) TO (10); \
         CREATE FUNCTION xf{n}() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; \
         CREATE TRIGGER xt{n} BEFORE INSERT OR UPDATE ON x{n} FOR EACH ROW EXECUTE FUNCTION xf{n}(); \
         ALTER TABLE xa{n} DISABLE TRIGGER xt{n}",
        "CREATE TABLE x{n} (a integer PRIMARY KEY, b text) PARTITION BY RANGE (a); \
         CREATE TABLE xa{n} PARTITION OF x{n} FOR VALUES FROM (0) TO (10); \
         CREATE TABLE xr{n} (a integer REFERENCES x{n} ON DELETE CASCADE, b integer REFERENCES {t})",
        "CREATE TABLE x{n} (a integer REFERENCES {t}, b text) PARTITION BY RANGE (a); \
         CREATE TABLE xa{n} PARTITION OF x{n} FOR VALUES FROM (0) TO (10); ALTER TABLE xa{n} ADD CHECK (b <> 'no'); \
         GRANT SELECT ON x{n} TO pg_monitor; COMMENT ON TABLE xa{n} IS 'one'",
        "CREATE TABLE x{n} (a integer PRIMARY KEY, b text)",
    ]),
    // Tables of a type, and views on views.
    many(&[
        "CREATE TYPE x{n} AS (a integer, b text); CREATE TABLE xt{n} OF x{n} (a NOT NULL DEFAULT 3)",
        "CREATE TYPE x{n} AS (a integer, b text); CREATE TABLE xt{n} (a integer NOT NULL DEFAULT 3, b text)",
        "CREATE TYPE x{n} AS (a integer, b text, c date); CREATE TABLE xt{n} OF x{n}; CREATE VIEW xv{n} AS SELECT a FROM xt{n}",
    ]),
    many(&[
        "CREATE VIEW x{n} AS SELECT id, 1 AS a FROM {t}; CREATE VIEW xv{n} AS SELECT id, a FROM x{n}; GRANT SELECT ON xv{n} TO PUBLIC",
        "CREATE VIEW x{n} AS SELECT id, 'b'::text AS a FROM {t}; CREATE VIEW xv{n} AS SELECT id, a FROM x{n}; COMMENT ON VIEW xv{n} IS 'v'",
        "CREATE VIEW x{n} AS SELECT 'b'::text AS a, id FROM {t}; CREATE MATERIALIZED VIEW xv{n} AS SELECT id, a FROM x{n}; \
         CREATE INDEX xi{n} ON xv{n} (a); CREATE VIEW xw{n} AS SELECT count(*) AS n FROM xv{n}",
        "CREATE RECURSIVE VIEW x{n} (id) AS SELECT id FROM {t} UNION ALL SELECT id + 1 FROM x{n} WHERE id < 5",
    ]),
];

/// What only newer servers know: the words of a shape, and the first version.
pub const NEWER: &[(&str, u32)] = &[
    ("multirange_type_name", 14),
    ("COMPRESSION", 14),
    ("BEGIN ATOMIC", 14),
    ("pg_read_all_data", 14),
    ("pg_database_owner", 14),
    ("binary = true", 14),
    // Of expressions.
    ("CREATE STATISTICS", 14),
    ("NULLS NOT DISTINCT", 15),
    ("FOR TABLE {t} (id)", 15),
    ("FOR TABLES IN SCHEMA", 15),
    ("security_invoker", 15),
    ("UNLOGGED SEQUENCE", 15),
    // In the files of older ones it says nothing, and a sequence there is always logged.
    ("SET UNLOGGED", 15),
    ("SET LOGGED", 15),
    // By a name that counts.
    ("CONSTRAINT xn", 18),
    ("VIRTUAL", 18),
    ("WITHOUT OVERLAPS", 18),
    ("NOT ENFORCED", 18),
];
