-- On 13 only superusers may read all that makes a subscription; anyone may read that there is one.
SELECT 'subscription', quote_ident(s.subname), array_to_string(s.subpublications, ','), 'pg_subscription'::regclass, 0
FROM pg_subscription s
WHERE s.subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())
