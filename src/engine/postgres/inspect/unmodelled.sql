-- Kinds of objects that msr does not model, by the engine's word, name and a text that tells two of them apart.
SELECT 'another name or comment of an exclusion constraint''s part in the partition', k.conrelid::regclass || '.' || quote_ident(k.conname), coalesce(d.description, ''), 'pg_class'::regclass, k.conrelid
    FROM pg_constraint k LEFT JOIN pg_description d ON d.classoid = 'pg_constraint'::regclass AND d.objoid = k.oid
    WHERE k.contype = 'x' AND k.conparentid <> 0 AND (k.conname !~ '_excl[0-9]*$' OR d.description IS NOT NULL)
UNION ALL SELECT 'exclusion constraint that not every partition has', k.conrelid::regclass || '.' || quote_ident(k.conname), pg_get_constraintdef(k.oid), 'pg_class'::regclass, k.conrelid
    FROM pg_constraint k JOIN pg_index x ON x.indexrelid = k.conindid AND NOT x.indisvalid JOIN pg_class i ON i.oid = x.indexrelid AND i.relkind = 'I'
    WHERE k.contype = 'x' AND k.conparentid = 0
-- By a change of name: no CREATE takes it.
UNION ALL SELECT 'rule', r.ev_class::regclass || '.' || quote_ident(r.rulename) || ', which only a view''s may be called', pg_get_ruledef(r.oid), 'pg_class'::regclass, r.ev_class
    FROM pg_rewrite r WHERE r.oid >= 16384 AND r.rulename = '_RETURN' AND r.ev_type <> '1'
-- All in one line: a platform may have changed many.
UNION ALL SELECT 'rights on what is the system''s own:', string_agg(x.name, ', ' ORDER BY x.name), string_agg(x.acl::text, ' ' ORDER BY x.name), 'pg_namespace'::regclass, 11 FROM (
    SELECT c.oid::regclass::text, c.relacl, i.initprivs FROM pg_class c LEFT JOIN pg_init_privs i ON i.classoid = 'pg_class'::regclass AND i.objoid = c.oid AND i.objsubid = 0
        WHERE c.oid < 16384 AND c.relnamespace = 'pg_catalog'::regnamespace
    UNION ALL SELECT a.attrelid::regclass || '.' || quote_ident(a.attname), a.attacl, i.initprivs FROM pg_attribute a
        LEFT JOIN pg_init_privs i ON i.classoid = 'pg_class'::regclass AND i.objoid = a.attrelid AND i.objsubid = a.attnum
        WHERE a.attrelid < 16384 AND a.attacl IS NOT NULL
    UNION ALL SELECT p.oid::regprocedure::text, p.proacl, i.initprivs FROM pg_proc p LEFT JOIN pg_init_privs i ON i.classoid = 'pg_proc'::regclass AND i.objoid = p.oid
        WHERE p.oid < 16384 AND p.proacl IS NOT NULL) x(name, acl, init)
    WHERE NOT (coalesce(x.acl, '{}') @> coalesce(x.init, '{}') AND coalesce(x.init, '{}') @> coalesce(x.acl, '{}')) HAVING count(*) > 0
