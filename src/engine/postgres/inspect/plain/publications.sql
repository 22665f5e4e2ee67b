SELECT 'pg_publication'::regclass::oid, p.oid, json_build_array(p.pubname), NULL, p.puballtables,
       concat_ws(', ', CASE WHEN p.pubinsert THEN 'insert' END, CASE WHEN p.pubupdate THEN 'update' END, CASE WHEN p.pubdelete THEN 'delete' END, CASE WHEN p.pubtruncate THEN 'truncate' END),
       coalesce((to_jsonb(p)->>'pubviaroot')::boolean, false)
FROM pg_publication p
