SELECT 'pg_opclass'::regclass::oid, c.oid, json_build_array(n.nspname, c.opcname, a.amname),
       (SELECT json_agg(d.classid || ' ' || d.objid) FROM pg_depend d WHERE d.refclassid = 'pg_opclass'::regclass AND d.refobjid = c.oid AND d.classid IN ('pg_amop'::regclass, 'pg_amproc'::regclass) AND d.deptype = 'i'),
       CASE WHEN c.opcdefault THEN 'DEFAULT ' ELSE '' END || 'FOR TYPE ' || format_type(c.opcintype, NULL) || ' USING ' || quote_ident(a.amname)
       || ' FAMILY ' || quote_ident(fn.nspname) || '.' || quote_ident(f.opfname) || ' AS '
       || concat_ws(', ', CASE WHEN c.opckeytype <> 0 THEN 'STORAGE ' || format_type(c.opckeytype, NULL) END, (SELECT string_agg(m, ', ' ORDER BY m) FROM (
           SELECT 'OPERATOR ' || o.amopstrategy || ' ' || o.amopopr::regoperator || coalesce(' FOR ORDER BY ' || (SELECT quote_ident(x.nspname) || '.' || quote_ident(s.opfname) FROM pg_opfamily s JOIN pg_namespace x ON x.oid = s.opfnamespace WHERE s.oid = o.amopsortfamily), '') AS m
           FROM pg_amop o JOIN pg_depend d ON d.classid = 'pg_amop'::regclass AND d.objid = o.oid AND d.refclassid = 'pg_opclass'::regclass AND d.refobjid = c.oid AND d.deptype = 'i'
           UNION ALL SELECT 'FUNCTION ' || f.amprocnum || ' (' || format_type(f.amproclefttype, NULL) || ', ' || format_type(f.amprocrighttype, NULL) || ') ' || f.amproc::regprocedure
           FROM pg_amproc f JOIN pg_depend d ON d.classid = 'pg_amproc'::regclass AND d.objid = f.oid AND d.refclassid = 'pg_opclass'::regclass AND d.refobjid = c.oid AND d.deptype = 'i') x),
           -- An empty list is no SQL; the type itself as its storage says nothing.
           CASE WHEN c.opckeytype = 0 AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.refclassid = 'pg_opclass'::regclass AND d.refobjid = c.oid AND d.deptype = 'i') THEN 'STORAGE ' || format_type(c.opcintype, NULL) END)
FROM pg_opclass c JOIN pg_am a ON a.oid = c.opcmethod JOIN pg_namespace n ON n.oid = c.opcnamespace
JOIN pg_opfamily f ON f.oid = c.opcfamily JOIN pg_namespace fn ON fn.oid = f.opfnamespace
WHERE c.oid >= 16384 AND n.nspname !~ '^(pg_|msr_trash_)' AND n.nspname NOT IN ('information_schema', 'msr')
