SELECT 'pg_cast'::regclass::oid, c.oid, json_build_array(format_type(c.castsource, NULL) || ' AS ' || format_type(c.casttarget, NULL)), NULL,
       CASE c.castmethod WHEN 'b' THEN 'WITHOUT FUNCTION' WHEN 'i' THEN 'WITH INOUT' ELSE 'WITH FUNCTION ' || c.castfunc::regprocedure END
       || CASE c.castcontext WHEN 'a' THEN ' AS ASSIGNMENT' WHEN 'i' THEN ' AS IMPLICIT' ELSE '' END
FROM pg_cast c WHERE c.oid >= 16384
