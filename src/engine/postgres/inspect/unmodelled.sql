-- Kinds of objects that msr does not model, by the engine's word, name and a text that tells two of them apart.
SELECT 'foreign table', c.oid::regclass::text, '', 'pg_class'::regclass::oid, c.oid FROM pg_class c WHERE c.relkind = 'f'
UNION ALL SELECT 'aggregate', p.oid::regprocedure::text, '', 'pg_proc'::regclass, p.oid FROM pg_proc p WHERE p.prokind = 'a' AND p.oid >= 16384
UNION ALL SELECT 'collation', collname, '', 'pg_collation'::regclass, oid FROM pg_collation WHERE oid >= 16384 AND collnamespace <> 'pg_catalog'::regnamespace
UNION ALL SELECT 'conversion', conname, '', 'pg_conversion'::regclass, oid FROM pg_conversion WHERE oid >= 16384
UNION ALL SELECT 'cast', format_type(castsource, NULL) || ' AS ' || format_type(casttarget, NULL), '', 'pg_cast'::regclass, oid FROM pg_cast WHERE oid >= 16384
UNION ALL SELECT 'operator', oid::regoperator::text, '', 'pg_operator'::regclass, oid FROM pg_operator WHERE oid >= 16384
UNION ALL SELECT 'operator class', opcname, '', 'pg_opclass'::regclass, oid FROM pg_opclass WHERE oid >= 16384
UNION ALL SELECT 'operator family', opfname, '', 'pg_opfamily'::regclass, oid FROM pg_opfamily WHERE oid >= 16384
UNION ALL SELECT 'text search configuration', cfgname, '', 'pg_ts_config'::regclass, oid FROM pg_ts_config WHERE oid >= 16384
UNION ALL SELECT 'text search dictionary', dictname, '', 'pg_ts_dict'::regclass, oid FROM pg_ts_dict WHERE oid >= 16384
UNION ALL SELECT 'text search parser', prsname, '', 'pg_ts_parser'::regclass, oid FROM pg_ts_parser WHERE oid >= 16384
UNION ALL SELECT 'text search template', tmplname, '', 'pg_ts_template'::regclass, oid FROM pg_ts_template WHERE oid >= 16384
UNION ALL SELECT 'statistics', stxname, pg_get_statisticsobjdef(oid), 'pg_statistic_ext'::regclass, oid FROM pg_statistic_ext
UNION ALL SELECT 'event trigger', evtname, evtevent || evtfoid::regproc::text, 'pg_event_trigger'::regclass, oid FROM pg_event_trigger
UNION ALL SELECT 'publication', pubname, '', 'pg_publication'::regclass, oid FROM pg_publication
UNION ALL SELECT 'foreign-data wrapper', fdwname, '', 'pg_foreign_data_wrapper'::regclass, oid FROM pg_foreign_data_wrapper
UNION ALL SELECT 'server', srvname, '', 'pg_foreign_server'::regclass, oid FROM pg_foreign_server
UNION ALL SELECT 'language', lanname, '', 'pg_language'::regclass, oid FROM pg_language WHERE oid >= 16384
UNION ALL SELECT 'access method', amname, '', 'pg_am'::regclass, oid FROM pg_am WHERE oid >= 16384
UNION ALL SELECT 'transform', trftype::regtype::text, '', 'pg_transform'::regclass, oid FROM pg_transform WHERE oid >= 16384
UNION ALL SELECT 'type', t.oid::regtype::text, t.typtype::text, 'pg_type'::regclass, t.oid FROM pg_type t
    WHERE t.oid >= 16384 AND (t.typtype = 'r' OR t.typtype = 'b' AND t.typelem = 0)
UNION ALL SELECT 'default privileges', coalesce(pg_get_userbyid(defaclrole), '') || ' ' || defaclobjtype::text || ' ' || coalesce((SELECT nspname FROM pg_namespace WHERE oid = defaclnamespace), ''), defaclacl::text, 'pg_default_acl'::regclass, oid FROM pg_default_acl
UNION ALL SELECT 'security label', objoid::text, label, 'pg_seclabel'::regclass, objoid FROM pg_seclabel
