-- Indexes that no constraint owns. What stands after the table's name is the engine's own text, less the storage parameters,
-- which can be altered and so are told apart.
SELECT i.oid, n.nspname, i.relname, x.indrelid, x.indisunique, x.indisvalid,
       substring(d.def FROM position(' USING ' IN d.def) + 1), array_to_json(i.reloptions), d.with_clause,
       array_to_json(ARRAY(SELECT a.attnum || '=' || a.attstattarget FROM pg_attribute a WHERE a.attrelid = i.oid AND a.attstattarget >= 0 ORDER BY a.attnum)),
       x.indisclustered, x.indnkeyatts,
       (SELECT h.inhparent FROM pg_inherits h WHERE h.inhrelid = i.oid), i.relkind, x.indisreplident
FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_namespace n ON n.oid = i.relnamespace
CROSS JOIN LATERAL (SELECT pg_get_indexdef(i.oid) AS def,
    ' WITH (' || (SELECT string_agg(o.option_name || '=' || CASE WHEN quote_ident(o.option_value) = o.option_value THEN o.option_value ELSE quote_literal(o.option_value) END, ', ')
                  FROM pg_options_to_table(i.reloptions) o) || ')' AS with_clause) d
WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'msr')
  AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.oid AND k.contype IN ('p', 'u', 'x'))
