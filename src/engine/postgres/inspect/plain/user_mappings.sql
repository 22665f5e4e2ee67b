-- What a user mapping holds is there to be a secret: only options known to be none are let through.
SELECT 'pg_user_mapping'::regclass::oid, m.umid, json_build_array(m.srvname, CASE WHEN m.umuser = 0 THEN 'PUBLIC' ELSE quote_ident(m.usename) END), NULL,
       array_to_json(ARRAY(SELECT o FROM unnest(m.umoptions) o
           WHERE split_part(o, '=', 1) IN {known} AND {safe})),
       m.srvname
FROM pg_user_mappings m
