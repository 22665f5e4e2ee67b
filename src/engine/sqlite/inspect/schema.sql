-- Everything with a text, without what is SQLite's or msr's own. The list is made once: a PRAGMA has no index to look into.
WITH listed AS MATERIALIZED (SELECT name, type, strict, wr FROM pragma_table_list WHERE schema = 'main')
SELECT m.type AS kind, m.name AS name, m.tbl_name AS on_table, coalesce(m.sql, '') AS text,
       coalesce(l.type, '') AS storage, coalesce(l.strict, 0) <> 0 AS strict, coalesce(l.wr, 0) <> 0 AS without_rowid
FROM sqlite_schema AS m LEFT JOIN listed AS l ON l.name = m.name AND m.type IN ('table', 'view')
WHERE m.name NOT LIKE 'sqlite\_%' ESCAPE '\' AND m.name NOT LIKE 'msr\_%' ESCAPE '\'
  AND m.tbl_name NOT LIKE 'msr\_%' ESCAPE '\'
ORDER BY m.type, m.name
