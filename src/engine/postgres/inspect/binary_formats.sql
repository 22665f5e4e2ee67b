-- How base types are sent and received in binary form.
SELECT t.oid, f.way, f.proc::oid, f.proc
FROM pg_type t, LATERAL (VALUES ('receive', t.typreceive), ('send', t.typsend)) f(way, proc)
WHERE t.oid >= 16384 AND t.typtype = 'b' AND f.proc <> 0 AND NOT EXISTS (SELECT FROM pg_type e WHERE e.typarray = t.oid)
