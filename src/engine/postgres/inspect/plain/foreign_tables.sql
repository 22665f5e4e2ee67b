SELECT 'pg_class'::regclass::oid, c.oid, json_build_array(n.nspname, c.relname), NULL,
       quote_ident(s.srvname), array_to_json(ARRAY(SELECT o FROM unnest(f.ftoptions) o WHERE {safe}))
FROM pg_foreign_table f JOIN pg_class c ON c.oid = f.ftrelid JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_foreign_server s ON s.oid = f.ftserver
WHERE n.nspname !~ '^(pg_|msr_trash_)' AND n.nspname NOT IN ('information_schema', 'msr')
