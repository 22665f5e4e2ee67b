-- Not subconninfo: it holds passwords, and only superusers may read it. The other columns anyone may read
-- (https://www.postgresql.org/docs/current/catalog-pg-subscription.html).
SELECT 'pg_subscription'::regclass::oid, s.oid, json_build_array(s.subname), NULL,
       array_to_json(ARRAY(SELECT quote_ident(u) FROM unnest(s.subpublications) WITH ORDINALITY p(u, ord) ORDER BY ord)), s.subslotname,
       array_to_json(array_remove(ARRAY[{options} CASE WHEN s.subsynccommit <> 'off' THEN 'synchronous_commit=' || s.subsynccommit END], NULL))
FROM pg_subscription s WHERE s.subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())
