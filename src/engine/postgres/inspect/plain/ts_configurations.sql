SELECT 'pg_ts_config'::regclass::oid, c.oid, json_build_array(n.nspname, c.cfgname), NULL,
       quote_ident(pn.nspname) || '.' || quote_ident(p.prsname),
       (SELECT json_agg(m ORDER BY m) FROM (
           SELECT quote_ident(t.alias) || ': ' || string_agg(quote_ident(dn.nspname) || '.' || quote_ident(d.dictname), ', ' ORDER BY u.mapseqno) AS m
           FROM pg_ts_config_map u JOIN ts_token_type(c.cfgparser) t ON t.tokid = u.maptokentype
           JOIN pg_ts_dict d ON d.oid = u.mapdict JOIN pg_namespace dn ON dn.oid = d.dictnamespace
           WHERE u.mapcfg = c.oid GROUP BY t.alias) x)
FROM pg_ts_config c JOIN pg_namespace n ON n.oid = c.cfgnamespace JOIN pg_ts_parser p ON p.oid = c.cfgparser JOIN pg_namespace pn ON pn.oid = p.prsnamespace
WHERE c.oid >= 16384 AND n.nspname !~ '^(pg_|msr_trash_)' AND n.nspname NOT IN ('information_schema', 'msr')
