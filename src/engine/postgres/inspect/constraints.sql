-- Of a foreign key to a partitioned table there is another row for each of its partitions: the server's own business. A row for
-- a partition of the table that has the key is the partition's key.
WITH RECURSIVE keys(oid, conrelid, confrelid) AS (
    SELECT k.oid, k.conrelid, k.confrelid FROM pg_constraint k WHERE k.contype = 'f' AND k.conparentid = 0
    UNION ALL SELECT k.oid, k.conrelid, k.confrelid FROM pg_constraint k JOIN keys w ON w.oid = k.conparentid
              WHERE k.contype = 'f' AND k.confrelid = w.confrelid AND k.conrelid <> w.conrelid
)
SELECT k.oid, k.conrelid, k.contypid, k.contype, k.conname, pg_get_constraintdef(k.oid), k.convalidated, k.conindid,
       k.conkey,
       k.confrelid::regclass::text, coalesce(x.indisclustered, false),
       array_to_json(i.reloptions), k.coninhcount, k.conislocal, ns.spcname, coalesce(x.indisreplident, false), k.conparentid,
       (SELECT h.inhparent FROM pg_inherits h WHERE h.inhrelid = x.indexrelid)
FROM pg_constraint k
LEFT JOIN pg_index x ON x.indexrelid = k.conindid AND k.contype IN ('p', 'u', 'x')
LEFT JOIN pg_class i ON i.oid = x.indexrelid
LEFT JOIN pg_tablespace ns ON ns.oid = i.reltablespace
-- A partition's part of an exclusion constraint can be neither made by itself nor attached, from 17 on where there is one: it
-- comes with the partitioned table's, by a name of the server's. Nor can it be left out of one partition but by ONLY.
WHERE k.oid >= 16384
  AND (k.contype IN ('p', 'u', 'c') OR k.contype = 'x' AND k.conparentid = 0 AND NOT (i.relkind = 'I' AND NOT x.indisvalid) OR k.oid IN (SELECT oid FROM keys))
