-- Comments on roles and their labels; the first have no provider.
SELECT r.rolname, NULL, d.description
FROM pg_shdescription d JOIN pg_roles r ON r.oid = d.objoid
WHERE d.classoid = 'pg_authid'::regclass AND r.rolname = ANY ({made})
UNION ALL SELECT r.rolname, l.provider, l.label
FROM pg_shseclabel l JOIN pg_roles r ON r.oid = l.objoid
WHERE l.classoid = 'pg_authid'::regclass AND r.rolname = ANY ({made})
