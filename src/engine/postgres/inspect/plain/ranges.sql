-- Range types. Their constructors and, from 14 on, the multirange type come and go with them.
SELECT 'pg_type'::regclass::oid, t.oid, json_build_array(n.nspname, t.typname),
       (SELECT json_agg(a) FROM (
           SELECT 'pg_type'::regclass::oid || ' ' || m.oid AS a FROM pg_type m WHERE m.oid::text = to_jsonb(r)->>'rngmultitypid'
           UNION ALL SELECT 'pg_proc'::regclass::oid || ' ' || d.objid FROM pg_depend d
           WHERE d.classid = 'pg_proc'::regclass AND d.deptype = 'i' AND d.refclassid = 'pg_type'::regclass
             AND d.refobjid::text IN (t.oid::text, to_jsonb(r)->>'rngmultitypid')) x),
       concat_ws(', ',
           'SUBTYPE = ' || format_type(r.rngsubtype, NULL),
           (SELECT 'SUBTYPE_OPCLASS = ' || quote_ident(o.nspname) || '.' || quote_ident(c.opcname) FROM pg_opclass c JOIN pg_namespace o ON o.oid = c.opcnamespace WHERE c.oid = r.rngsubopc AND NOT c.opcdefault),
           (SELECT 'COLLATION = ' || quote_ident(o.nspname) || '.' || quote_ident(c.collname) FROM pg_collation c JOIN pg_namespace o ON o.oid = c.collnamespace
            WHERE c.oid = r.rngcollation AND c.oid <> (SELECT s.typcollation FROM pg_type s WHERE s.oid = r.rngsubtype)),
           'CANONICAL = ' || nullif(r.rngcanonical, 0)::regproc,
           'SUBTYPE_DIFF = ' || nullif(r.rngsubdiff, 0)::regproc,
           (SELECT 'MULTIRANGE_TYPE_NAME = ' || quote_ident(o.nspname) || '.' || quote_ident(m.typname) FROM pg_type m JOIN pg_namespace o ON o.oid = m.typnamespace WHERE m.oid::text = to_jsonb(r)->>'rngmultitypid'))
FROM pg_range r JOIN pg_type t ON t.oid = r.rngtypid JOIN pg_namespace n ON n.oid = t.typnamespace
WHERE t.oid >= 16384 AND n.nspname !~ '^(pg_|msr_trash_)' AND n.nspname NOT IN ('information_schema', 'msr')
