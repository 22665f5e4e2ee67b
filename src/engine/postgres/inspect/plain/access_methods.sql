SELECT 'pg_am'::regclass::oid, a.oid, json_build_array(a.amname), NULL, CASE a.amtype WHEN 't' THEN 'TABLE' ELSE 'INDEX' END, a.amhandler::regproc
FROM pg_am a WHERE a.oid >= 16384
