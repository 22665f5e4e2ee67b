CREATE TABLE members (
    id integer PRIMARY KEY,
    name text NOT NULL,
    email text UNIQUE,
    joined date NOT NULL DEFAULT CURRENT_DATE
);

CREATE TABLE loans (
    id integer PRIMARY KEY,
    book_id integer NOT NULL REFERENCES books (id),
    member_id integer NOT NULL REFERENCES members (id) ON DELETE CASCADE,
    lent date NOT NULL DEFAULT CURRENT_DATE,
    returned date,
    CHECK (returned >= lent)
);

-- What is out now is asked for all day long; what came back is history.
CREATE INDEX loans_out ON loans (book_id) WHERE returned IS NULL;

CREATE VIEW books_out AS
SELECT books.title, members.name AS member, loans.lent
FROM loans
JOIN books ON books.id = loans.book_id
JOIN members ON members.id = loans.member_id
WHERE loans.returned IS NULL;
