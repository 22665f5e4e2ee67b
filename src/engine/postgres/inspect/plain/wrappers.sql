SELECT 'pg_foreign_data_wrapper'::regclass::oid, f.oid, json_build_array(f.fdwname), NULL,
       nullif(f.fdwhandler, 0)::regproc, nullif(f.fdwvalidator, 0)::regproc, array_to_json(ARRAY(SELECT o FROM unnest(f.fdwoptions) o WHERE {safe}))
FROM pg_foreign_data_wrapper f WHERE f.oid >= 16384
