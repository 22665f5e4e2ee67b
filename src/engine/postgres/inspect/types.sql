-- Types: enums and domains are objects; of the others it must be known what they belong to.
SELECT t.oid, n.nspname, t.typname, t.typtype, t.typrelid, coalesce(a.oid, 0),
       (SELECT array_to_json(array_agg(e.enumlabel ORDER BY e.enumsortorder)) FROM pg_enum e WHERE e.enumtypid = t.oid),
       CASE WHEN t.typtype = 'd' THEN format_type(t.typbasetype, t.typtypmod) END,
       CASE WHEN t.typtype = 'd' AND t.typcollation <> b.typcollation
            THEN (SELECT quote_ident(ln.nspname) || '.' || quote_ident(l.collname) FROM pg_collation l JOIN pg_namespace ln ON ln.oid = l.collnamespace WHERE l.oid = t.typcollation) END,
       CASE WHEN t.typtype = 'd' THEN pg_get_expr(t.typdefaultbin, 0) END,
       t.typnotnull, t.typcategory, r.rngsubtype, {not_null}
FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace LEFT JOIN pg_type b ON b.oid = t.typbasetype LEFT JOIN pg_range r ON r.rngtypid = t.oid LEFT JOIN pg_type a ON a.typarray = t.oid {constraints}
WHERE t.oid >= 16384 AND n.nspname !~ '^(pg_|msr_trash_)' AND n.nspname NOT IN ('information_schema', 'msr')
  AND t.typname !~ '^_?msr_trash_'
