-- 202611221430 names, undone: postgres 15, 89cbbf08038cd916 → 4830aa53ac3f69d6
SET search_path = pg_catalog;
SET check_function_bodies = off;

BEGIN;

-- 5. column public.orders.note
-- lossy: the values of column note
ALTER TABLE public.orders ADD COLUMN note text;

COMMIT;

-- 4. index public.orders_total
SET lock_timeout = 0;
DROP INDEX CONCURRENTLY public.orders_total;
RESET lock_timeout;

BEGIN;

-- 3. view public.active
-- can't be undone: columns of a view can't be taken away in place

-- 2. column public.orders.total
-- lossy: values over 2147483647
ALTER TABLE public.orders ALTER COLUMN total TYPE integer;

-- 1. table public.users
DROP TABLE public.users;

COMMIT;
