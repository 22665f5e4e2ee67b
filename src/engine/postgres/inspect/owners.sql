-- Owners other than the one who asks.
WITH me AS (SELECT oid FROM pg_roles WHERE rolname = current_user), owned(classid, oid, owner) AS (
    SELECT 'pg_class'::regclass::oid, c.oid, c.relowner FROM pg_class c WHERE c.oid >= 16384 AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'c')
        OR c.relkind = 'S' AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype IN ('a', 'i'))
    UNION ALL SELECT 'pg_namespace'::regclass, oid, nspowner FROM pg_namespace WHERE nspname <> 'public'
    UNION ALL SELECT 'pg_proc'::regclass, oid, proowner FROM pg_proc WHERE oid >= 16384
    UNION ALL SELECT 'pg_type'::regclass, oid, typowner FROM pg_type WHERE oid >= 16384 AND typtype IN ('e', 'd')
)
SELECT o.classid, o.oid, quote_ident(pg_get_userbyid(o.owner)) FROM owned o, me WHERE o.owner <> me.oid
