-- A lending library. This file and its neighbours say how the database should look; `msr plan` finds the way there.
-- All but rules.sql load on PostgreSQL too.

CREATE TABLE authors (
    id integer PRIMARY KEY,
    name text NOT NULL,
    born integer CHECK (born > 0)
);

CREATE TABLE books (
    id integer PRIMARY KEY,
    isbn varchar(13) NOT NULL UNIQUE,
    title text NOT NULL,
    author_id integer NOT NULL REFERENCES authors (id),
    copies integer NOT NULL DEFAULT 1 CHECK (copies >= 0)
);

CREATE INDEX books_by_author ON books (author_id, title);
