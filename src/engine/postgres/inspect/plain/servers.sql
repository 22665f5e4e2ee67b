SELECT 'pg_foreign_server'::regclass::oid, s.oid, json_build_array(s.srvname), NULL,
       quote_ident(f.fdwname), s.srvtype, s.srvversion, array_to_json(ARRAY(SELECT o FROM unnest(s.srvoptions) o WHERE {safe}))
FROM pg_foreign_server s JOIN pg_foreign_data_wrapper f ON f.oid = s.srvfdw
