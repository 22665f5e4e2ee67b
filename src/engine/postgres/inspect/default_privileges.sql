-- What default privileges change, by maker, schema, sort of object and role. Those for a schema are added to those for all
-- schemas, which stand in the place of what is built in (https://www.postgresql.org/docs/current/sql-alterdefaultprivileges.html).
WITH rows AS (
    SELECT d.oid, d.defaclrole, d.defaclnamespace, d.defaclobjtype, d.defaclacl, acldefault(CASE d.defaclobjtype WHEN 'S' THEN 's' ELSE d.defaclobjtype END, d.defaclrole) AS built_in
    FROM pg_default_acl d
), items AS (
    SELECT r.oid, x.grantee, x.privilege_type || CASE WHEN x.is_grantable THEN ' *' ELSE '' END AS privilege, true AS actual FROM rows r, aclexplode(CASE WHEN cardinality(r.defaclacl) > 0 THEN r.defaclacl END) x
    UNION ALL SELECT r.oid, x.grantee, x.privilege_type, false FROM rows r, aclexplode(r.built_in) x
), sides AS (
    SELECT oid, grantee,
           coalesce(array_agg(DISTINCT privilege ORDER BY privilege) FILTER (WHERE actual), '{}') AS actual,
           coalesce(array_agg(DISTINCT privilege ORDER BY privilege) FILTER (WHERE NOT actual), '{}') AS usual
    FROM items GROUP BY 1, 2
)
SELECT CASE WHEN r.defaclrole = (SELECT oid FROM pg_roles WHERE rolname = current_user) THEN '' ELSE quote_ident(pg_get_userbyid(r.defaclrole)) END,
       coalesce(n.nspname, ''), CASE r.defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' WHEN 'f' THEN 'FUNCTIONS' WHEN 'T' THEN 'TYPES' WHEN 'n' THEN 'SCHEMAS' ELSE 'LARGE OBJECTS' END,
       CASE WHEN s.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(s.grantee)) END, array_to_json(s.actual), array_to_json(s.usual)
FROM sides s JOIN rows r ON r.oid = s.oid LEFT JOIN pg_namespace n ON n.oid = r.defaclnamespace
WHERE s.actual <> CASE WHEN r.defaclnamespace = 0 THEN s.usual ELSE '{}' END
