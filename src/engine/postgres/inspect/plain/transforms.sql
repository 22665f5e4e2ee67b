SELECT 'pg_transform'::regclass::oid, t.oid, json_build_array(format_type(t.trftype, NULL) || ' LANGUAGE ' || quote_ident(l.lanname)), NULL,
       concat_ws(', ', 'FROM SQL WITH FUNCTION ' || nullif(t.trffromsql, 0)::regprocedure, 'TO SQL WITH FUNCTION ' || nullif(t.trftosql, 0)::regprocedure)
FROM pg_transform t JOIN pg_language l ON l.oid = t.trflang WHERE t.oid >= 16384
