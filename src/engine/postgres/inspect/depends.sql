-- Who needs whom. What an extension owns is told as needing the extension (deptype e).
SELECT d.classid, d.objid, d.objsubid, d.refclassid, d.refobjid, d.refobjsubid, d.deptype
FROM pg_depend d
WHERE d.objid >= 16384 AND d.deptype IN ('n', 'a', 'i', 'e') AND d.refclassid <> 'pg_namespace'::regclass
  AND (d.refobjid >= 16384 OR d.deptype = 'e')
  AND NOT (d.classid = 'pg_type'::regclass AND d.deptype = 'i')
