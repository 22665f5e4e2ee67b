-- Triggers of partitions that are in another state than the one that they are copies of, with the partitions from the
-- copy's up to below that one's table.
WITH RECURSIVE copies AS (
    SELECT t.oid, t.tgrelid, t.tgname, t.tgenabled, t.tgparentid AS above, ARRAY[t.tgrelid] AS partitions FROM pg_trigger t WHERE t.tgparentid <> 0
    UNION ALL
    SELECT t.oid, t.tgrelid, t.tgname, t.tgenabled, a.tgparentid, t.partitions || a.tgrelid
    FROM copies t JOIN pg_trigger a ON a.oid = t.above WHERE a.tgparentid <> 0
)
SELECT 'pg_trigger'::regclass::oid, t.oid, json_build_array(n.nspname, c.relname, t.tgname), NULL,
       t.tgenabled,
       c.relkind = 'f', json_build_array(wn.nspname, wc.relname, w.tgname),
       (SELECT json_agg(format('%I.%I', pn.nspname, p.relname)) FROM pg_class p JOIN pg_namespace pn ON pn.oid = p.relnamespace WHERE p.oid = ANY (t.partitions))
FROM copies t JOIN pg_trigger w ON w.oid = t.above AND w.tgparentid = 0
    JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_class wc ON wc.oid = w.tgrelid JOIN pg_namespace wn ON wn.oid = wc.relnamespace
WHERE NOT w.tgisinternal AND t.tgenabled <> w.tgenabled
