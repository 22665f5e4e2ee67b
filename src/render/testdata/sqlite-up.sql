-- 202611221430 names: sqlite 3, 89cbbf08038cd916 → 4830aa53ac3f69d6
PRAGMA foreign_keys = OFF;

BEGIN;

-- 1. table main.users
ALTER TABLE "people" RENAME TO "users";

-- 2. table main.users
CREATE TABLE "new" (email TEXT NOT NULL);
INSERT INTO "new" SELECT * FROM "users";

-- 3. index main."a\nDROP TABLE users; --"
CREATE INDEX "a
DROP TABLE users; --" ON users (email)
;

COMMIT;
