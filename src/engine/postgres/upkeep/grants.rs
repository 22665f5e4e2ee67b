//! Rights by the parts that roles play: who owns, who changes the schema, who reads and writes rows.

use super::super::conn::Client;
use super::super::ddl::{ident, literal};
use super::{one, rows};
use crate::engine::upkeep::{Check, Parts};
use crate::{Error, Failure, Result, SqlError};

const PROBE: &str = "msr_grants_probe";

/// The schemas that people made.
fn schemas(client: &mut Client) -> Result<Vec<String>, SqlError> {
    let found = rows(
        client,
        "SELECT nspname FROM pg_namespace n WHERE nspname !~ '^(pg_|msr_trash_)' AND nspname NOT IN ('information_schema', 'msr') \
         AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_namespace'::regclass AND d.objid = n.oid AND d.deptype = 'e') \
         ORDER BY 1",
    )?;
    Ok(found.into_iter().flatten().collect())
}

fn all(roles: &Parts) -> Vec<&str> {
    let mut all: Vec<&str> = vec![&roles.owner, &roles.migrator];
    all.extend(roles.app.iter().chain(&roles.read_only).map(String::as_str));
    let mut seen = std::collections::BTreeSet::new();
    all.retain(|role| seen.insert(*role));
    all
}

pub fn statements(client: &mut Client, roles: &Parts) -> Result<Vec<String>> {
    let mut sql = vec![];
    let known: Vec<String> = rows(client, "SELECT rolname FROM pg_roles")?.into_iter().flatten().collect();
    for role in all(roles).iter().filter(|role| !known.iter().any(|k| k == *role)) {
        let login = if *role == roles.owner && roles.owner != roles.migrator { "NOLOGIN" } else { "LOGIN" };
        sql.push(format!("CREATE ROLE {} {login}", ident(role)));
    }
    let (owner, migrator) = (ident(&roles.owner), ident(&roles.migrator));
    if owner != migrator {
        sql.push(format!("GRANT {owner} TO {migrator}"));
    }
    let database = ident(&one(client, "SELECT current_database()")?.concat());
    sql.push(format!("GRANT CREATE, CONNECT, TEMPORARY ON DATABASE {database} TO {migrator}"));
    for role in roles.app.iter().chain(&roles.read_only) {
        sql.push(format!("GRANT CONNECT ON DATABASE {database} TO {}", ident(role)));
    }
    for schema in schemas(client)? {
        sql.extend(in_schema(roles, &ident(&schema)));
    }
    sql.extend(owners(client, roles)?);
    sql.extend(of_journal(client, roles)?);
    Ok(sql)
}

/// Rights on what is there, and on what the migrator will make: default privileges belong to the role that makes an object,
/// so that without FOR ROLE they would be those of whoever runs this
/// (<https://www.postgresql.org/docs/current/sql-alterdefaultprivileges.html>).
fn in_schema(roles: &Parts, schema: &str) -> Vec<String> {
    let mut makers = vec![ident(&roles.migrator)];
    if roles.owner != roles.migrator {
        makers.push(ident(&roles.owner));
    }
    let makers = makers.join(", ");
    let mut sql = vec![
        format!("REVOKE CREATE ON SCHEMA {schema} FROM PUBLIC"),
        format!("GRANT USAGE, CREATE ON SCHEMA {schema} TO {makers}"),
    ];
    let parts =
        [(&roles.app, "SELECT, INSERT, UPDATE, DELETE", "USAGE, SELECT"), (&roles.read_only, "SELECT", "SELECT")];
    for (names, tables, sequences) in parts {
        for role in names.iter().map(|name| ident(name)) {
            sql.push(format!("REVOKE CREATE ON SCHEMA {schema} FROM {role}"));
            sql.push(format!("GRANT USAGE ON SCHEMA {schema} TO {role}"));
            for (what, rights) in [("TABLES", tables), ("SEQUENCES", sequences)] {
                sql.push(format!("GRANT {rights} ON ALL {what} IN SCHEMA {schema} TO {role}"));
                sql.push(format!(
                    "ALTER DEFAULT PRIVILEGES FOR ROLE {makers} IN SCHEMA {schema} GRANT {rights} ON {what} TO {role}"
                ));
            }
        }
    }
    sql
}

/// What is there becomes the owner's, where it is neither that nor the migrator's. A sequence of a column goes with its table.
fn owners(client: &mut Client, roles: &Parts) -> Result<Vec<String>, SqlError> {
    let sql = format!(
        "SELECT format('ALTER %s %I.%I OWNER TO %I', CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' \
         WHEN 'S' THEN 'SEQUENCE' WHEN 'f' THEN 'FOREIGN TABLE' ELSE 'TABLE' END, n.nspname, c.relname, {owner}) \
         FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
         WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND n.nspname !~ '^(pg_|msr_trash_)' AND n.nspname NOT IN ('information_schema', 'msr') \
         AND pg_get_userbyid(c.relowner) NOT IN ({owner}, {migrator}) \
         AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype IN ('e', 'a', 'i') \
           AND d.refclassid IN ('pg_class'::regclass, 'pg_extension'::regclass) AND (d.deptype = 'e' OR c.relkind = 'S')) \
         ORDER BY c.relkind = 'S', n.nspname, c.relname",
        owner = literal(&roles.owner),
        migrator = literal(&roles.migrator)
    );
    Ok(rows(client, &sql)?.into_iter().flatten().collect())
}

fn of_journal(client: &mut Client, roles: &Parts) -> Result<Vec<String>, SqlError> {
    let row = one(client, "SELECT to_regnamespace('msr') IS NOT NULL, to_regclass('msr.schema_version') IS NOT NULL")?;
    let migrator = ident(&roles.migrator);
    let mut sql = vec![];
    // Before the first apply: the migrator makes the schema, and what others may see in it is settled by running this again.
    if row[0] == "t" {
        sql.push(format!("GRANT USAGE, CREATE ON SCHEMA msr TO {migrator}"));
        sql.push(format!("GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA msr TO {migrator}"));
        // The place of a backfill is the one thing in it that is written over.
        let backfill = one(client, "SELECT to_regclass('msr.backfill') IS NOT NULL")?;
        sql.extend((backfill[0] == "t").then(|| format!("GRANT UPDATE, DELETE ON msr.backfill TO {migrator}")));
    }
    for role in roles.app.iter().chain(&roles.read_only).filter(|_| row[1] == "t").map(|name| ident(name)) {
        sql.push(format!("GRANT USAGE ON SCHEMA msr TO {role}"));
        sql.push(format!("GRANT SELECT ON msr.schema_version TO {role}"));
    }
    Ok(sql)
}

/// Tries on the database as it is, in a transaction that is rolled back whatever comes of it.
pub fn tried(client: &mut Client, roles: &Parts) -> Result<Vec<Check>> {
    let known: Vec<String> = rows(client, "SELECT rolname FROM pg_roles")?.into_iter().flatten().collect();
    if let Some(role) = all(roles).into_iter().find(|role| !known.iter().any(|k| k == role)) {
        return Err(Error::refused(format!("there is no role `{role}`"))
            .hint("run what `msr grants` prints first, as a superuser"));
    }
    // Policies of rows hold for the application, and the session's own setting would make them an error.
    client.execute("BEGIN; SET LOCAL row_security = on; SET LOCAL lock_timeout = '2s'")?;
    let checks = in_transaction(client, roles);
    client.execute("ROLLBACK")?;
    checks
}

fn in_transaction(client: &mut Client, roles: &Parts) -> Result<Vec<Check>> {
    let mut checks = vec![];
    for schema in schemas(client)? {
        let present = present(client, &schema)?;
        let probe = format!("{}.{PROBE}", ident(&schema));
        let made =
            as_role(client, &roles.migrator, &format!("CREATE TABLE {probe} (id serial PRIMARY KEY, note text)"))?;
        checks.push(expected(&format!("`{}` creates a table in `{schema}`", roles.migrator), &made, true));
        let future = made.is_ok();
        for (role, writes) in roles.app.iter().map(|r| (r, true)).chain(roles.read_only.iter().map(|r| (r, false))) {
            if future {
                checks.extend(on_future(client, role, writes, &probe)?);
            }
            let create = as_role(client, role, &format!("CREATE TABLE {}.{PROBE}_own (a int)", ident(&schema)))?;
            checks.push(expected(&format!("`{role}` creates a table in `{schema}`"), &create, false));
            for (table, column) in &present {
                checks.extend(on_present(client, role, writes, table, column)?);
            }
        }
    }
    Ok(checks)
}

/// Tables, each with a column that can be written to.
fn present(client: &mut Client, schema: &str) -> Result<Vec<(String, String)>, SqlError> {
    let found = rows(
        client,
        &format!(
            "SELECT format('%I.%I', n.nspname, c.relname), (SELECT quote_ident(a.attname) FROM pg_attribute a WHERE a.attrelid = c.oid \
             AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' AND a.attidentity <> 'a' ORDER BY a.attnum LIMIT 1) \
             FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
             WHERE n.nspname = {} AND c.relkind IN ('r', 'p') ORDER BY 1",
            literal(schema)
        ),
    )?;
    Ok(found.into_iter().map(|mut row| (row.remove(0), row.remove(0))).collect())
}

/// The statements that use a table, and whether a role that only reads may send them.
fn uses(table: &str, column: &str) -> Vec<(&'static str, String, bool)> {
    let mut uses =
        vec![("reads", format!("SELECT FROM {table}"), true), ("deletes from", format!("DELETE FROM {table}"), false)];
    if !column.is_empty() {
        uses.push(("updates", format!("UPDATE {table} SET {column} = NULL"), false));
        uses.push(("inserts into", format!("INSERT INTO {table} ({column}) VALUES (NULL)"), false));
    }
    uses
}

/// EXPLAIN asks for the rights of the statement and does nothing of it: no trigger fires, no row is locked.
fn on_present(client: &mut Client, role: &str, writes: bool, table: &str, column: &str) -> Result<Vec<Check>> {
    let mut checks = vec![];
    for (what, sql, reads) in uses(table, column) {
        let done = as_role(client, role, &format!("EXPLAIN {sql}"))?;
        let may = writes || reads;
        checks.push(expected(&format!("`{role}` {what} {table}"), &done, may));
    }
    // Only its owner changes a table; to try it would lock the table if it went through.
    let owns = format!(
        "SELECT pg_has_role({}, c.relowner, 'MEMBER') FROM pg_class c WHERE c.oid = {}::regclass",
        literal(role),
        literal(table)
    );
    let owns = one(client, &owns)?.first().is_some_and(|yes| yes == "t");
    let found = if owns { Ok(()) } else { Err("must be owner of it".to_string()) };
    checks.push(expected(&format!("`{role}` changes {table}"), &found, false));
    Ok(checks)
}

/// On a table that the migrator has just made, the statements are really run.
fn on_future(client: &mut Client, role: &str, writes: bool, table: &str) -> Result<Vec<Check>> {
    let statements = [
        ("inserts into", format!("INSERT INTO {table} (note) VALUES ('a')"), writes),
        ("reads", format!("SELECT FROM {table}"), true),
        ("updates", format!("UPDATE {table} SET note = 'b'"), writes),
        ("deletes from", format!("DELETE FROM {table}"), writes),
        ("alters", format!("ALTER TABLE {table} ADD COLUMN b int"), false),
        ("drops", format!("DROP TABLE {table}"), false),
    ];
    let mut checks = vec![];
    for (what, sql, may) in statements {
        let done = as_role(client, role, &sql)?;
        checks.push(expected(&format!("`{role}` {what} a new table, {table}"), &done, may));
    }
    Ok(checks)
}

/// Whether the role can do it; afterwards the session is itself again.
fn as_role(client: &mut Client, role: &str, sql: &str) -> Result<Result<(), String>> {
    client.execute("SAVEPOINT msr_try")?;
    let role_set = client.execute(&format!("SET LOCAL ROLE {}", ident(role)));
    let done = match role_set {
        Err(e) => {
            let error = Error { failure: Failure::Refused, ..Error::from(e) };
            return Err(error.hint(format!("connect as a superuser or as a member of `{role}`")));
        }
        Ok(()) => client.execute(sql),
    };
    match done {
        Ok(()) => {
            client.execute("RESET ROLE; RELEASE SAVEPOINT msr_try")?;
            Ok(Ok(()))
        }
        Err(e) if e.disconnected => Err(e.into()),
        Err(e) => {
            client.execute("ROLLBACK TO SAVEPOINT msr_try; RELEASE SAVEPOINT msr_try")?;
            Ok(Err(e.message))
        }
    }
}

fn expected(what: &str, done: &Result<(), String>, may: bool) -> Check {
    match (done, may) {
        (Ok(()), true) => Check::ok(what, "it can, as it should"),
        (Err(why), false) => Check::ok(what, format!("it can't, as it should: {why}")),
        (Ok(()), false) => Check::fail(what, "it can, and should not", "see who owns it and who is a member of whom"),
        (Err(why), true) => Check::fail(what, format!("it can't: {why}"), "run what `msr grants` prints"),
    }
}
