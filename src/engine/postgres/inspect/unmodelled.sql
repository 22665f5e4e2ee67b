-- Kinds of objects that msr does not model, by the engine's word, name and a text that tells two of them apart.
SELECT 'type', t.oid::regtype::text, t.typtype::text, 'pg_type'::regclass::oid, t.oid FROM pg_type t
    WHERE t.oid >= 16384 AND t.typtype = 'b' AND t.typelem = 0
UNION ALL SELECT 'shell type', t.oid::regtype::text, '', 'pg_type'::regclass, t.oid FROM pg_type t WHERE t.oid >= 16384 AND NOT t.typisdefined
UNION ALL SELECT 'range type with a canonical function', r.rngtypid::regtype::text, r.rngcanonical::regproc::text, 'pg_type'::regclass, r.rngtypid
    FROM pg_range r WHERE r.rngtypid >= 16384 AND r.rngcanonical <> 0
UNION ALL SELECT 'security label', objoid::text, label, 'pg_shseclabel'::regclass, objoid FROM pg_shseclabel
    WHERE classoid = 'pg_subscription'::regclass
