SELECT k.oid, k.conrelid, k.contypid, k.contype, k.conname, pg_get_constraintdef(k.oid), k.convalidated, k.conindid,
       array_to_json(ARRAY(SELECT a.attname FROM unnest(k.conkey) WITH ORDINALITY u(num, ord) JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.num ORDER BY ord)),
       k.confrelid::regclass::text, coalesce(x.indisclustered, false),
       array_to_json(i.reloptions), k.coninhcount, k.conislocal, ns.spcname, coalesce(x.indisreplident, false)
FROM pg_constraint k
LEFT JOIN pg_index x ON x.indexrelid = k.conindid AND k.contype IN ('p', 'u', 'x')
LEFT JOIN pg_class i ON i.oid = x.indexrelid
LEFT JOIN pg_tablespace ns ON ns.oid = i.reltablespace
WHERE k.contype IN ('p', 'u', 'c', 'f', 'x') AND k.conparentid = 0
