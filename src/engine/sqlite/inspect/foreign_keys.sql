-- How many foreign keys SQLite sees in each table, to be held against what was cut out of the text.
SELECT m.name AS on_table, count(DISTINCT f.id) AS keys
FROM sqlite_schema AS m JOIN pragma_foreign_key_list(m.name) AS f
WHERE m.type = 'table' AND m.rootpage > 0
  AND m.name NOT LIKE 'sqlite\_%' ESCAPE '\' AND m.name NOT LIKE 'msr\_%' ESCAPE '\'
GROUP BY m.name
