-- Everything with a text, without what is SQLite's or msr's own.
SELECT m.type AS kind, m.name AS name, m.tbl_name AS on_table, coalesce(m.sql, '') AS text,
       coalesce(l.type, '') AS storage, coalesce(l.strict, 0) <> 0 AS strict, coalesce(l.wr, 0) <> 0 AS without_rowid
FROM sqlite_schema AS m
LEFT JOIN pragma_table_list AS l ON l.schema = 'main' AND l.name = m.name AND m.type IN ('table', 'view')
WHERE m.name NOT LIKE 'sqlite\_%' ESCAPE '\' AND m.name NOT LIKE 'msr\_%' ESCAPE '\'
  AND m.tbl_name NOT LIKE 'msr\_%' ESCAPE '\'
ORDER BY m.type, m.name
