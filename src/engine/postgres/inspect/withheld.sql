-- What is there and is not read, since it may be a secret: names only.
SELECT 'option ' || split_part(o, '=', 1) || ' of foreign-data wrapper ' || fdwname FROM pg_foreign_data_wrapper, unnest(fdwoptions) o WHERE NOT ({safe})
UNION ALL SELECT 'option ' || split_part(o, '=', 1) || ' of server ' || srvname FROM pg_foreign_server, unnest(srvoptions) o WHERE NOT ({safe})
UNION ALL SELECT 'option ' || split_part(o, '=', 1) || ' of user mapping ' || srvname || '.' || usename FROM pg_user_mappings, unnest(umoptions) o
    WHERE NOT (split_part(o, '=', 1) IN {known} AND {safe})
UNION ALL SELECT 'option ' || split_part(o, '=', 1) || ' of foreign table ' || ftrelid::regclass FROM pg_foreign_table, unnest(ftoptions) o WHERE NOT ({safe})
