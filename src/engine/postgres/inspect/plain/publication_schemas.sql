SELECT 'pg_publication_namespace'::regclass::oid, r.oid, json_build_array(p.pubname, n.nspname), NULL, p.pubname
FROM pg_publication_namespace r JOIN pg_publication p ON p.oid = r.pnpubid JOIN pg_namespace n ON n.oid = r.pnnspid
