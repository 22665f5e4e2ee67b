-- Columns of tables, views and composite types. `pg_attver` is bookkeeping of the server's own that Debian's 15.20 keeps among
-- the options of every column, another number each time, and that pg_dump leaves out likewise.
SELECT a.attrelid, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod),
       CASE WHEN a.attcollation <> t.typcollation AND a.attcollation <> 0
            THEN (SELECT quote_ident(n.nspname) || '.' || quote_ident(l.collname) FROM pg_collation l JOIN pg_namespace n ON n.oid = l.collnamespace WHERE l.oid = a.attcollation) END,
       a.attnotnull, {identity}, a.attgenerated,
       a.attstorage,
       CASE WHEN a.attstattarget >= 0 THEN a.attstattarget END,
       CASE WHEN a.attoptions IS NOT NULL THEN array_to_json(ARRAY(SELECT o FROM unnest(a.attoptions) o WHERE o NOT LIKE 'pg\_attver=%')) END, a.attislocal, a.attinhcount,
       {compression}, t.typstorage, CASE WHEN a.attfdwoptions IS NOT NULL THEN array_to_json(ARRAY(SELECT o FROM unnest(a.attfdwoptions) o WHERE {safe})) END,
       {not_null}
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_type t ON t.oid = a.atttypid {constraints}
WHERE a.attrelid >= 16384 AND a.attnum > 0 AND NOT a.attisdropped AND a.attname !~ '^msr_trash_' AND c.relkind IN ('r', 'p', 'v', 'm', 'c', 'f')
  AND n.nspname !~ '^(pg_|msr_trash_)' AND n.nspname NOT IN ('information_schema', 'msr')
