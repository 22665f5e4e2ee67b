CREATE TABLE fines (
    loan_id integer PRIMARY KEY REFERENCES loans (id) ON DELETE CASCADE,
    cents integer NOT NULL CHECK (cents > 0),
    paid boolean NOT NULL DEFAULT false
);

CREATE VIEW debts AS
SELECT members.name AS member, sum(fines.cents) AS cents
FROM fines
JOIN loans ON loans.id = fines.loan_id
JOIN members ON members.id = loans.member_id
WHERE NOT fines.paid
GROUP BY members.name;
