//! Who is to own something must be allowed to create in its schema, unless a superuser says so
//! (<https://www.postgresql.org/docs/current/sql-altertable.html>). Whether that was granted in the database is asked there,
//! before anything is done; scratch knows only of rights that the schema files speak of, and lends everybody this one meanwhile.

use super::conn::Client;
use crate::SqlError;

const SCHEMAS: &str = "SELECT quote_ident(nspname) FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' \
    AND pg_has_role(nspowner, 'USAGE') AND NOT has_schema_privilege('public', oid, 'CREATE')";

/// Whether the statement hands something over.
pub fn hands_over(sql: &str) -> bool {
    sql.contains(" OWNER TO ")
}

pub fn is_superuser(client: &mut Client) -> Result<bool, SqlError> {
    let rows = client.rows("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")?;
    Ok(rows.into_iter().flatten().next().flatten().as_deref() == Some("t"))
}

/// The schemas, as SQL, in which not everybody may create.
pub fn schemas(client: &mut Client) -> Result<Vec<String>, SqlError> {
    Ok(client.rows(SCHEMAS)?.into_iter().flatten().flatten().collect())
}

/// Runs it while everybody may create in these schemas.
pub fn lent(client: &mut Client, schemas: &[String], sql: &str) -> Result<(), SqlError> {
    if schemas.is_empty() {
        return client.execute(sql);
    }
    let schemas = schemas.join(", ");
    client.execute(&format!("GRANT CREATE ON SCHEMA {schemas} TO PUBLIC"))?;
    let done = client.execute(sql);
    let taken_back = client.execute(&format!("REVOKE CREATE ON SCHEMA {schemas} FROM PUBLIC"));
    done.and(taken_back)
}

/// Runs statements of schema files, which may hand over in any spelling. What grants may grant just that, and is not run so: of
/// statements that are sent together, the one that was refused comes again by itself.
pub fn lent_if_refused(client: &mut Client, sql: &str) -> Result<(), SqlError> {
    let said = |word: &str| sql.to_ascii_lowercase().contains(word);
    match client.execute(sql) {
        Err(e) if e.is_denied() && said("owner") && !said("grant") => {
            let schemas = schemas(client)?;
            lent(client, &schemas, sql)
        }
        done => done,
    }
}
