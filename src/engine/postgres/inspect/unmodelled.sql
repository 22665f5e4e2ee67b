-- Kinds of objects that msr does not model, by the engine's word, name and a text that tells two of them apart.
SELECT 'security label', objoid::text, label, 'pg_shseclabel'::regclass, objoid FROM pg_shseclabel
    WHERE classoid = 'pg_subscription'::regclass
