SELECT 'pg_event_trigger'::regclass::oid, e.oid, json_build_array(e.evtname), NULL,
       'ON ' || e.evtevent || coalesce(' WHEN TAG IN (' || (SELECT string_agg(quote_literal(t), ', ' ORDER BY ord) FROM unnest(e.evttags) WITH ORDINALITY u(t, ord)) || ')', '') || ' EXECUTE FUNCTION ' || e.evtfoid::regproc || '()',
       e.evtenabled
FROM pg_event_trigger e
