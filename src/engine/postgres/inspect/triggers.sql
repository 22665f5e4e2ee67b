SELECT t.oid, t.tgrelid, t.tgname, pg_get_triggerdef(t.oid),
       CASE t.tgenabled WHEN 'O' THEN 'origin' WHEN 'A' THEN 'always' WHEN 'R' THEN 'replica' ELSE 'disabled' END
FROM pg_trigger t
WHERE t.oid >= 16384 AND NOT t.tgisinternal AND t.tgparentid = 0
