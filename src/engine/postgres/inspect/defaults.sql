SELECT d.oid, d.adrelid, d.adnum, pg_get_expr(d.adbin, d.adrelid), a.attgenerated
FROM pg_attrdef d JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
WHERE d.oid >= 16384
