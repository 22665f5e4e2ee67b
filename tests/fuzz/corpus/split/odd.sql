-- msr:renamed from a
CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; SELECT CASE WHEN true THEN 2 END; END;
SELECT $a$ ; $b$ $a$, E'it\'s;', U&'d\0061t', "x"";y", /* a /* b */ ; */ 'c';
CREATE TRIGGER t AFTER INSERT ON u BEGIN DELETE FROM v; SELECT 'x;'; END;
