SELECT 'pg_publication_rel'::regclass::oid, r.oid, json_build_array(p.pubname, n.nspname, c.relname), NULL,
       {columns}, {filter}, p.pubname
FROM pg_publication_rel r JOIN pg_publication p ON p.oid = r.prpubid JOIN pg_class c ON c.oid = r.prrelid JOIN pg_namespace n ON n.oid = c.relnamespace
