SELECT l.classoid, l.objoid, l.objsubid, l.provider, l.label
FROM pg_seclabel l
WHERE l.objoid >= 16384 OR l.classoid = 'pg_namespace'::regclass
-- A subscription is the server's, and so is what is said of it.
UNION ALL SELECT l.classoid, l.objoid, 0, l.provider, l.label FROM pg_shseclabel l WHERE l.classoid = 'pg_subscription'::regclass
