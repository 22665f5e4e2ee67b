SELECT 'pg_ts_parser'::regclass::oid, p.oid, json_build_array(n.nspname, p.prsname), NULL,
       concat_ws(', ', 'START = ' || p.prsstart, 'GETTOKEN = ' || p.prstoken, 'END = ' || p.prsend, 'LEXTYPES = ' || p.prslextype, 'HEADLINE = ' || nullif(p.prsheadline, 0)::regproc)
FROM pg_ts_parser p JOIN pg_namespace n ON n.oid = p.prsnamespace WHERE p.oid >= 16384 AND n.nspname !~ '^(pg_|msr_trash_)' AND n.nspname NOT IN ('information_schema', 'msr')
