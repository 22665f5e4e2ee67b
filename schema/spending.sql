CREATE VIEW spending AS
SELECT users.id, users.email, sum(orders.total_cents) AS total_cents
FROM users
JOIN orders ON orders.user_id = users.id
GROUP BY users.id, users.email;
