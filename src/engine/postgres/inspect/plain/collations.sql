-- The columns for locales have other names in each version: to_jsonb finds those that are there.
SELECT 'pg_collation'::regclass::oid, l.oid, json_build_array(n.nspname, l.collname), NULL,
       concat_ws(', ',
           'PROVIDER = ' || CASE l.collprovider WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' ELSE 'libc' END,
           CASE WHEN NOT l.collisdeterministic THEN 'DETERMINISTIC = false' END,
           CASE WHEN l.collprovider <> 'c' THEN 'LOCALE = ' || quote_literal(coalesce(j->>'colllocale', j->>'colliculocale', j->>'collcollate')) END,
           CASE WHEN l.collprovider = 'c' THEN 'LC_COLLATE = ' || quote_literal(j->>'collcollate') || ', LC_CTYPE = ' || quote_literal(j->>'collctype') END,
           'RULES = ' || quote_literal(j->>'collicurules'))
FROM pg_collation l JOIN pg_namespace n ON n.oid = l.collnamespace, to_jsonb(l) j
WHERE l.oid >= 16384 AND n.nspname !~ '^(pg_|msr_trash_)' AND n.nspname NOT IN ('information_schema', 'msr')
