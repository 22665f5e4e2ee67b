SELECT 'pg_opfamily'::regclass::oid, c.oid, json_build_array(n.nspname, c.opfname, a.amname),
       (SELECT json_agg(d.classid || ' ' || d.objid) FROM pg_depend d WHERE d.refclassid = 'pg_opfamily'::regclass AND d.refobjid = c.oid AND d.classid IN ('pg_amop'::regclass, 'pg_amproc'::regclass) AND d.deptype = 'a'),
       (SELECT json_agg(m ORDER BY m) FROM (
           SELECT 'OPERATOR ' || o.amopstrategy || ' ' || o.amopopr::regoperator || coalesce(' FOR ORDER BY ' || (SELECT quote_ident(x.nspname) || '.' || quote_ident(s.opfname) FROM pg_opfamily s JOIN pg_namespace x ON x.oid = s.opfnamespace WHERE s.oid = o.amopsortfamily), '') AS m
           FROM pg_amop o JOIN pg_depend d ON d.classid = 'pg_amop'::regclass AND d.objid = o.oid AND d.refclassid = 'pg_opfamily'::regclass AND d.refobjid = c.oid AND d.deptype = 'a'
           UNION ALL SELECT 'FUNCTION ' || f.amprocnum || ' (' || format_type(f.amproclefttype, NULL) || ', ' || format_type(f.amprocrighttype, NULL) || ') ' || f.amproc::regprocedure
           FROM pg_amproc f JOIN pg_depend d ON d.classid = 'pg_amproc'::regclass AND d.objid = f.oid AND d.refclassid = 'pg_opfamily'::regclass AND d.refobjid = c.oid AND d.deptype = 'a') x)
FROM pg_opfamily c JOIN pg_am a ON a.oid = c.opfmethod JOIN pg_namespace n ON n.oid = c.opfnamespace
WHERE c.oid >= 16384 AND n.nspname !~ '^(pg_|msr_trash_)' AND n.nspname NOT IN ('information_schema', 'msr')
