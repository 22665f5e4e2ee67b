-- Base types and shell types. What functions they are made of in a circle is said of those, but for their names.
SELECT 'pg_type'::regclass::oid, t.oid, json_build_array(n.nspname, t.typname), NULL,
       CASE WHEN t.typisdefined THEN concat_ws(', ', 'INPUT = ' || t.typinput::regproc, 'OUTPUT = ' || t.typoutput::regproc,
           'INTERNALLENGTH = ' || CASE t.typlen WHEN -1 THEN 'VARIABLE' ELSE t.typlen::text END, CASE WHEN t.typbyval THEN 'PASSEDBYVALUE' END,
           'ALIGNMENT = ' || CASE t.typalign WHEN 'c' THEN 'char' WHEN 's' THEN 'int2' WHEN 'd' THEN 'double' ELSE 'int4' END,
           'CATEGORY = ' || quote_literal(nullif(t.typcategory, 'U')::text), CASE WHEN t.typispreferred THEN 'PREFERRED = true' END,
           'DEFAULT = ' || quote_literal(t.typdefault), 'ELEMENT = ' || format_type(nullif(t.typelem, 0), NULL),
           'DELIMITER = ' || quote_literal(nullif(t.typdelim, ',')::text), CASE WHEN t.typcollation <> 0 THEN 'COLLATABLE = true' END) END,
       CASE WHEN t.typisdefined THEN json_build_array(t.typinput::regprocedure::text, t.typoutput::regprocedure::text) ELSE '[]' END,
       nullif(t.typmodin, 0)::regproc, nullif(t.typmodout, 0)::regproc, nullif(t.typanalyze, 0)::regproc,
       nullif(to_jsonb(t)->>'typsubscript', '-'),
       CASE WHEN t.typisdefined THEN CASE t.typstorage WHEN 'p' THEN 'plain' WHEN 'e' THEN 'external' WHEN 'm' THEN 'main' ELSE 'extended' END END
FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
WHERE t.oid >= 16384 AND (t.typtype = 'b' OR NOT t.typisdefined) AND NOT EXISTS (SELECT FROM pg_type e WHERE e.typarray = t.oid)
  AND n.nspname !~ '^(pg_|msr_trash_)' AND n.nspname NOT IN ('information_schema', 'msr')
