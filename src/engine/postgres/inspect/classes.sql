-- Tables, views, sequences and composite types.
SELECT c.oid, n.nspname, c.relname, c.relkind, c.relpersistence,
       array_to_json(ARRAY(SELECT o FROM unnest(c.reloptions || ARRAY(
           SELECT 'toast.' || o FROM pg_class t, unnest(t.reloptions) o WHERE t.oid = c.reltoastrelid)) o)),
       CASE WHEN a.amname <> current_setting('default_table_access_method') THEN a.amname END,
       CASE c.relreplident WHEN 'f' THEN 'FULL' WHEN 'n' THEN 'NOTHING' END,
       c.relrowsecurity, c.relforcerowsecurity, c.relispopulated, c.reltype,
       CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) END,
       c.relispartition, CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) END,
       CASE WHEN c.relispartition THEN pg_get_expr(c.relpartbound, c.oid) END,
       (SELECT array_to_json(array_agg(pn.nspname || E'\x1f' || p.relname ORDER BY i.inhseqno))
          FROM pg_inherits i JOIN pg_class p ON p.oid = i.inhparent JOIN pg_namespace pn ON pn.oid = p.relnamespace
         WHERE i.inhrelid = c.oid AND c.relkind IN ('r', 'p', 'f')),
       CASE WHEN c.reloftype <> 0 THEN format_type(c.reloftype, NULL) END, {detaching}
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_am a ON a.oid = c.relam
WHERE c.oid >= 16384 AND (c.relkind IN ('r', 'p', 'v', 'm', 'S', 'c') OR c.relkind = 'f' AND EXISTS (SELECT FROM pg_inherits i WHERE i.inhrelid = c.oid)) AND n.nspname !~ '^(pg_|msr_trash_)' AND n.nspname NOT IN ('information_schema', 'msr')
