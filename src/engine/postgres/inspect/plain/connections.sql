-- Only what is made of plain words that are known to be no secrets: a password, a quoted value or a URL is not read, and neither
-- is what msr writes where it does not know.
SELECT 0, 0, json_build_array('subscription', s.subname), NULL, s.subconninfo
FROM pg_subscription s
WHERE s.subdbid = (SELECT oid FROM pg_database WHERE datname = current_database()) AND s.subconninfo <> '{nowhere}'
  AND s.subconninfo ~ '^\s*((host|hostaddr|port|dbname|user|sslmode|application_name|connect_timeout|target_session_attrs)=[^\s''\\]+\s*)+$'
