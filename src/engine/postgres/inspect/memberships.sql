-- One that several roles granted is the sum of what they gave.
SELECT r.rolname, m.rolname, bool_or(a.admin_option), {inherit}, {set}
FROM pg_auth_members a JOIN pg_roles r ON r.oid = a.roleid JOIN pg_roles m ON m.oid = a.member
WHERE r.rolname = ANY ({granted}) {not_own}
GROUP BY 1, 2
