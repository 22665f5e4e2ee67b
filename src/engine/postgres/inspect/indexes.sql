-- Indexes that no constraint owns. What stands after the table's name is the engine's own text, less the storage parameters,
-- which can be altered and so are told apart.
SELECT i.oid, n.nspname, i.relname, x.indrelid, x.indisunique, x.indisvalid,
       pg_get_indexdef(i.oid), array_to_json(i.reloptions),
       CASE WHEN i.reloptions IS NOT NULL THEN ' WITH (' || (SELECT string_agg(o.option_name || '=' || CASE WHEN quote_ident(o.option_value) = o.option_value THEN o.option_value ELSE quote_literal(o.option_value) END, ', ')
                  FROM pg_options_to_table(i.reloptions) o) || ')' END,
       st.list,
       x.indisclustered, x.indnkeyatts,
       (SELECT h.inhparent FROM pg_inherits h WHERE h.inhrelid = i.oid), i.relkind, x.indisreplident
FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_namespace n ON n.oid = i.relnamespace
LEFT JOIN (SELECT a.attrelid, json_agg(a.attnum || '=' || a.attstattarget ORDER BY a.attnum) AS list
           FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
           WHERE c.relkind IN ('i', 'I') AND a.attstattarget >= 0 GROUP BY a.attrelid) st ON st.attrelid = i.oid
WHERE i.oid >= 16384 AND n.nspname !~ '^(pg_|msr_trash_)' AND n.nspname NOT IN ('information_schema', 'msr')
  AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.oid AND k.contype IN ('p', 'u', 'x'))
