-- Of this database; the catalog is shared.
SELECT 'pg_subscription'::regclass::oid, s.oid, quote_ident(pg_get_userbyid(s.subowner))
FROM pg_subscription s
WHERE s.subdbid = (SELECT oid FROM pg_database WHERE datname = current_database()) AND pg_get_userbyid(s.subowner) <> current_user
