-- Rewrite rules; the one of a view belongs to the view.
SELECT r.oid, r.ev_class, r.rulename, CASE WHEN r.rulename = '_RETURN' THEN NULL ELSE pg_get_ruledef(r.oid) END,
       r.ev_enabled
FROM pg_rewrite r WHERE r.oid >= 16384
