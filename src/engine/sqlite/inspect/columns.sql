-- The columns of ordinary tables. Virtual tables are left out: asking for their columns runs their module.
SELECT m.name AS on_table, c.name AS name, c.type AS declared, c."notnull" <> 0 AS not_null, c.pk AS key_place, c.hidden AS hidden
FROM sqlite_schema AS m JOIN pragma_table_xinfo(m.name) AS c
WHERE m.type = 'table' AND m.rootpage > 0
  AND m.name NOT LIKE 'sqlite\_%' ESCAPE '\' AND m.name NOT LIKE 'msr\_%' ESCAPE '\'
ORDER BY m.name, c.cid
