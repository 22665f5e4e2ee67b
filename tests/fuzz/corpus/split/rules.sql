-- SQLite's way of writing a trigger; the other files load on PostgreSQL as they are.
CREATE TRIGGER loans_need_a_copy BEFORE INSERT ON loans
WHEN (SELECT copies FROM books WHERE id = NEW.book_id)
    <= (SELECT count(*) FROM loans WHERE book_id = NEW.book_id AND returned IS NULL)
BEGIN
    SELECT RAISE(ABORT, 'no copy is left to lend');
END;
