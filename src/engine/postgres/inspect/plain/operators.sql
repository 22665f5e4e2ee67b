-- An operator without a function is only the promise of one, made by another's COMMUTATOR or NEGATOR.
SELECT 'pg_operator'::regclass::oid, o.oid,
       json_build_array(n.nspname, o.oprname, coalesce(format_type(nullif(o.oprleft, 0), NULL), 'NONE'), coalesce(format_type(nullif(o.oprright, 0), NULL), 'NONE')), NULL,
       concat_ws(', ', 'FUNCTION = ' || o.oprcode, 'LEFTARG = ' || format_type(nullif(o.oprleft, 0), NULL), 'RIGHTARG = ' || format_type(nullif(o.oprright, 0), NULL),
           (SELECT 'COMMUTATOR = OPERATOR(' || quote_ident(x.nspname) || '.' || c.oprname || ')' FROM pg_operator c JOIN pg_namespace x ON x.oid = c.oprnamespace WHERE c.oid = o.oprcom),
           (SELECT 'NEGATOR = OPERATOR(' || quote_ident(x.nspname) || '.' || c.oprname || ')' FROM pg_operator c JOIN pg_namespace x ON x.oid = c.oprnamespace WHERE c.oid = o.oprnegate),
           'RESTRICT = ' || nullif(o.oprrest, 0)::regproc, 'JOIN = ' || nullif(o.oprjoin, 0)::regproc,
           CASE WHEN o.oprcanhash THEN 'HASHES' END, CASE WHEN o.oprcanmerge THEN 'MERGES' END)
FROM pg_operator o JOIN pg_namespace n ON n.oid = o.oprnamespace
WHERE o.oid >= 16384 AND o.oprcode <> 0 AND n.nspname !~ '^(pg_|msr_trash_)' AND n.nspname NOT IN ('information_schema', 'msr')
