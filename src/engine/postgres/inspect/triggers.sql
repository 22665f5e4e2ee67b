SELECT t.oid, t.tgrelid, t.tgname, pg_get_triggerdef(t.oid),
       t.tgenabled
FROM pg_trigger t
WHERE t.oid >= 16384 AND NOT t.tgisinternal AND t.tgparentid = 0
