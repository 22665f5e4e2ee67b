SELECT 'pg_language'::regclass::oid, l.oid, json_build_array(l.lanname), NULL,
       l.lanpltrusted, l.lanplcallfoid::regproc, nullif(l.laninline, 0)::regproc, nullif(l.lanvalidator, 0)::regproc
FROM pg_language l WHERE l.oid >= 16384 AND l.lanispl
