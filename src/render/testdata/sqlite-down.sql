-- 202611221430 names, undone: sqlite 3, 89cbbf08038cd916 → 4830aa53ac3f69d6
PRAGMA foreign_keys = OFF;

BEGIN;

-- 3. index main."a\nDROP TABLE users; --"

-- 2. table main.users
-- the same the other way round
;

-- 1. table main.users
ALTER TABLE "users" RENAME TO "people";

COMMIT;
