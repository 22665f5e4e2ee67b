SELECT p.oid, n.nspname, p.proname, array_to_json(ARRAY(SELECT format_type(u.t, NULL) FROM unnest(p.proargtypes) WITH ORDINALITY u(t, ord) ORDER BY ord)),
       p.prokind, pg_get_functiondef(p.oid),
       concat_ws('|', pg_get_function_result(p.oid), p.proargnames::text, p.proargmodes::text,
                 (SELECT string_agg(format_type(u.t, NULL), ', ' ORDER BY ord) FROM unnest(p.proallargtypes) WITH ORDINALITY u(t, ord))),
       p.pronargdefaults, p.prorettype,
       CASE WHEN p.prokind <> 'a' THEN p.prosrc END
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE p.oid >= 16384 AND p.prokind IN ('f', 'p', 'w') AND n.nspname !~ '^(pg_|msr_trash_)' AND n.nspname NOT IN ('information_schema', 'msr')
  -- The constructors of a range type come with it.
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'i')
