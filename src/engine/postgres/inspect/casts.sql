-- Casts, by the names of their types; and, without a second type, those that everything can be written out as
SELECT pg_catalog.format_type(castsource, NULL), pg_catalog.format_type(casttarget, NULL)
FROM pg_catalog.pg_cast
UNION ALL
SELECT pg_catalog.format_type(oid, NULL), NULL
FROM pg_catalog.pg_type
WHERE typcategory = 'S' AND typtype = 'b'
