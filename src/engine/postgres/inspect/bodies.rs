//! Functions that the server would not make again as they are, since their bodies speak of what is not there: a table that is
//! gone, or that only a session makes.

use super::row::Row;
use crate::SqlError;
use crate::engine::postgres::conn::Client;
use crate::model::{Id, Kind};
use std::collections::BTreeSet;

/// Asks of all what CREATE FUNCTION asks, the language's validator
/// (<https://www.postgresql.org/docs/current/plhandler.html>), under the `search_path` that schema files are loaded with and
/// the function's own settings, which its subtransaction takes back. What may not be asked of a function is no refusal.
const ASK: &str = r#"
SET search_path = "$user", public;
DO $do$
DECLARE f record; refused text[] := '{}';
BEGIN
    FOR f IN SELECT p.oid, p.proconfig, l.lanvalidator::regproc AS validator
        FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_language l ON l.oid = p.prolang
        WHERE p.oid >= 16384 AND p.prokind IN ('f', 'p', 'w') AND l.lanvalidator <> 0 AND l.lanname NOT IN ('c', 'internal')
    LOOP
        BEGIN
            PERFORM pg_catalog.set_config(pg_catalog.split_part(c, '=', 1), substr(c, strpos(c, '=') + 1), true)
                FROM pg_catalog.unnest(f.proconfig) c;
            EXECUTE pg_catalog.format('SELECT %s(%s)', f.validator, f.oid);
            RAISE EXCEPTION USING ERRCODE = 'MSR00';
        EXCEPTION
            WHEN SQLSTATE 'MSR00' OR insufficient_privilege THEN NULL;
            WHEN OTHERS THEN refused := refused || f.oid::text;
        END;
    END LOOP;
    PERFORM pg_catalog.set_config('msr.refused', pg_catalog.array_to_string(refused, ','), false);
END
$do$;
SET search_path = pg_catalog"#;

const REFUSED: &str = "\
SELECT n.nspname, p.proname,
       array_to_json(ARRAY(SELECT format_type(u.t, NULL) FROM unnest(p.proargtypes) WITH ORDINALITY u(t, ord) ORDER BY ord))
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE p.oid = ANY (string_to_array(current_setting('msr.refused'), ',')::oid[])";

pub fn refused(client: &mut Client) -> Result<BTreeSet<Id>, SqlError> {
    client.execute(ASK)?;
    let rows = client.raw_rows(REFUSED)?.into_iter().map(Row);
    Ok(rows.map(|row| Id::new(Kind::Function, [row.text(0), row.text(1), row.list(2).join(", ")])).collect())
}
