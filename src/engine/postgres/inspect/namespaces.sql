-- Schemas, without the system's and msr's own.
SELECT n.oid, n.nspname
FROM pg_namespace n
WHERE n.nspname !~ '^(pg_|msr_trash_)' AND n.nspname NOT IN ('information_schema', 'msr')
