SELECT 'pg_statistic_ext'::regclass::oid, s.oid, json_build_array(n.nspname, s.stxname), NULL,
       pg_get_statisticsobjdef(s.oid), {target}
FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid = s.stxnamespace
WHERE n.nspname !~ '^(pg_|msr_trash_)' AND n.nspname NOT IN ('information_schema', 'msr')
