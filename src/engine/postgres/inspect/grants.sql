-- Rights that differ from those that an object of its kind has by itself, by role. An empty array has no dimension, and
-- aclexplode refuses it.
WITH acls(classid, oid, sub, acl, usual) AS (
    SELECT 'pg_class'::regclass::oid, c.oid, 0, c.relacl, acldefault(CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", c.relowner)
    FROM pg_class c WHERE c.relacl IS NOT NULL AND c.oid >= 16384
    UNION ALL SELECT 'pg_class'::regclass, a.attrelid, a.attnum, a.attacl, '{}'::aclitem[]
    FROM pg_attribute a WHERE a.attacl IS NOT NULL AND a.attrelid >= 16384 AND NOT a.attisdropped
    UNION ALL SELECT 'pg_namespace'::regclass, n.oid, 0, n.nspacl,
        CASE WHEN n.nspname = 'public' THEN acldefault('n', n.nspowner) || makeaclitem(0, n.nspowner, {public_usual}, false) ELSE acldefault('n', n.nspowner) END
    FROM pg_namespace n WHERE n.nspacl IS NOT NULL
    UNION ALL SELECT 'pg_proc'::regclass, p.oid, 0, p.proacl, acldefault('f', p.proowner) FROM pg_proc p WHERE p.proacl IS NOT NULL AND p.oid >= 16384
    UNION ALL SELECT 'pg_foreign_data_wrapper'::regclass, f.oid, 0, f.fdwacl, acldefault('F', f.fdwowner) FROM pg_foreign_data_wrapper f WHERE f.fdwacl IS NOT NULL
    UNION ALL SELECT 'pg_foreign_server'::regclass, f.oid, 0, f.srvacl, acldefault('S', f.srvowner) FROM pg_foreign_server f WHERE f.srvacl IS NOT NULL
    UNION ALL SELECT 'pg_language'::regclass, l.oid, 0, l.lanacl, acldefault('l', l.lanowner) FROM pg_language l WHERE l.lanacl IS NOT NULL AND l.oid >= 16384
    UNION ALL SELECT 'pg_type'::regclass, t.oid, 0, t.typacl, acldefault('T', t.typowner) FROM pg_type t WHERE t.typacl IS NOT NULL AND t.oid >= 16384
), items AS (
    SELECT classid, oid, sub, x.grantee, x.privilege_type || CASE WHEN x.is_grantable THEN ' *' ELSE '' END AS privilege, true AS actual, x.ord
    FROM acls, aclexplode(CASE WHEN cardinality(acl) > 0 THEN acl END) WITH ORDINALITY x(grantor, grantee, privilege_type, is_grantable, ord)
    UNION ALL
    SELECT classid, oid, sub, x.grantee, x.privilege_type, false, NULL FROM acls, aclexplode(CASE WHEN cardinality(usual) > 0 THEN usual END) x
), sides AS (
    SELECT classid, oid, sub, grantee,
           coalesce(array_agg(DISTINCT privilege ORDER BY privilege) FILTER (WHERE actual), '{}') AS actual,
           coalesce(array_agg(DISTINCT privilege ORDER BY privilege) FILTER (WHERE NOT actual), '{}') AS usual,
           min(ord) AS place
    FROM items GROUP BY 1, 2, 3, 4
)
SELECT classid, oid, sub, CASE WHEN grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END, array_to_json(actual), array_to_json(usual), place
FROM sides WHERE actual <> usual
