-- 202611221430 names: postgres 15, 89cbbf08038cd916 → 4830aa53ac3f69d6
SET search_path = pg_catalog;
SET check_function_bodies = off;

BEGIN;

-- 1. table public.users
CREATE TABLE public.users (
  id bigint NOT NULL,
  name text
);

-- 2. column public.orders.total
ALTER TABLE public.orders ALTER COLUMN total TYPE bigint;

-- 3. view public.active
CREATE OR REPLACE VIEW public.active AS
SELECT id,
  name,
  email
FROM users
WHERE active;

COMMIT;

-- 4. index public.orders_total
SET lock_timeout = 0;
CREATE INDEX CONCURRENTLY orders_total ON public.orders (total);
RESET lock_timeout;

BEGIN;

-- 5. column public.orders.note
ALTER TABLE public.orders DROP COLUMN note;

COMMIT;
