//! Functions that the server would not make again as they are, since their bodies speak of what is not there: a table that is
//! gone, or that only a session makes.

use super::row::Row;
use crate::SqlError;
use crate::engine::postgres::conn::Client;
use crate::model::{Id, Kind};
use std::collections::BTreeSet;

const FUNCTIONS: &str = "\
SELECT p.oid, n.nspname, p.proname,
       array_to_json(ARRAY(SELECT format_type(u.t, NULL) FROM unnest(p.proargtypes) WITH ORDINALITY u(t, ord) ORDER BY ord)),
       l.lanvalidator::regproc, p.proconfig IS NOT NULL
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang
WHERE p.oid >= 16384 AND p.prokind IN ('f', 'p', 'w') AND l.lanvalidator <> 0 AND l.lanname NOT IN ('c', 'internal')";

/// Those that a function brings along, tried for the length of a statement.
const SETTINGS: &str = "\
SELECT set_config(split_part(c, '=', 1), substr(c, strpos(c, '=') + 1), true)
FROM pg_proc, unnest(proconfig) c WHERE oid = {oid}";

/// Asks what CREATE FUNCTION asks, the language's validator
/// (<https://www.postgresql.org/docs/current/plhandler.html>), under the `search_path` that schema files are loaded with.
pub fn refused(client: &mut Client) -> Result<BTreeSet<Id>, SqlError> {
    let rows: Vec<Row> = client.raw_rows(FUNCTIONS)?.into_iter().map(Row).collect();
    client.execute("SET search_path = \"$user\", public")?;
    let mut refused = BTreeSet::new();
    for row in rows {
        let oid: u32 = row.number(0);
        let settings = row.flag(5).then(|| client.execute(&SETTINGS.replace("{oid}", &oid.to_string())));
        let asked = settings.unwrap_or(Ok(())).and_then(|()| client.execute(&format!("SELECT {}({oid})", row.text(4))));
        match asked {
            Ok(()) => {}
            Err(e) if !e.disconnected => {
                refused.insert(Id::new(Kind::Function, [row.text(1), row.text(2), row.list(3).join(", ")]));
            }
            Err(e) => return Err(e),
        }
    }
    client.execute("SET search_path = pg_catalog")?;
    Ok(refused)
}
