//! What a schema file must not hold, or holds for nothing.

use super::Dialect;
use super::lexer::{Flaw, Token};
use crate::error::code;

/// Lines for psql or the sqlite3 shell. `\restrict` and its end are in every dump since August 2025 and mean nothing
/// to a reader that refuses all the others.
pub fn meta(text: &str, token: Token) -> Result<(), Flaw> {
    let line = &text[token.start..token.end];
    let command = line.split_whitespace().next().unwrap_or(line);
    if matches!(command, "\\restrict" | "\\unrestrict") {
        return Ok(());
    }
    let client = if command.starts_with('.') { "sqlite3" } else { "psql" };
    Err(Flaw::new(token.start, format!("`{command}` is a command of {client}, not SQL"))
        .hint("schema files hold SQL only; a folder of files is read whole, so none need be included"))
}

const TRANSACTION: &str = "drop the statement: msr loads the whole schema at once and decides on transactions itself";
const ELSEWHERE: &str = "do this outside of the schema files";
const ROLES: &str = "a role that no file makes is left alone: drop it by hand";
const PLAIN: &str = "write `CREATE ROLE name …` as a statement: a role that the server has already is no error to msr";
const PASSWORD: &str = "a secret is no part of a schema: leave it out and set it by hand, `ALTER ROLE … PASSWORD …`";
const SETTING: &str = "settings of a role are set outside of the schema files";

/// What is refused, by its first words; the longest entry that fits is the one meant.
const REFUSED: &[(&str, &str)] = &[
    ("ROLLBACK", TRANSACTION),
    ("ABORT", TRANSACTION),
    ("SAVEPOINT", TRANSACTION),
    ("RELEASE", TRANSACTION),
    ("PREPARE TRANSACTION", TRANSACTION),
    ("VACUUM", ELSEWHERE),
];
const REFUSED_POSTGRES: &[(&str, &str)] = &[
    ("CREATE DATABASE", ELSEWHERE),
    ("ALTER DATABASE", "it names a database, which scratch is not; set it outside of the schema files"),
    ("DROP DATABASE", ELSEWHERE),
    ("CREATE TABLESPACE", ELSEWHERE),
    ("ALTER TABLESPACE", ELSEWHERE),
    ("DROP TABLESPACE", ELSEWHERE),
    ("ALTER SYSTEM", ELSEWHERE),
    ("DROP ROLE", ROLES),
    ("DROP USER", ROLES),
    ("DROP GROUP", ROLES),
    ("DROP OWNED", ELSEWHERE),
    ("REASSIGN OWNED", ELSEWHERE),
    ("COPY", "schema files hold structure, not data; `pg_dump --schema-only` leaves it out"),
];
const REFUSED_SQLITE: &[(&str, &str)] = &[("ATTACH", ELSEWHERE), ("DETACH", ELSEWHERE)];

/// Whether the options say `connect = false`.
fn stays_offline<'a>(len: usize, word: &impl Fn(usize) -> &'a str) -> bool {
    let no =
        |value: &str| ["false", "off", "0", "'false'", "'off'", "'0'"].iter().any(|n| value.eq_ignore_ascii_case(n));
    (2..len).any(|i| word(i).eq_ignore_ascii_case("connect") && word(i + 1) == "=" && no(word(i + 2)))
}

/// What belongs to the server and not to the database: from scratch, which may be on the target's server, a statement about
/// one would reach the real one.
const OF_SERVER: &[&str] = &["database", "tablespace", "parameter"];

/// Where a comment, a label or rights are about something of the server.
fn about_server<'a>(len: usize, word: &impl Fn(usize) -> &'a str) -> Option<usize> {
    let speaks = any_of(&["comment", "grant", "revoke", "security"], word(0));
    let on = (1..len).find(|i| speaks && word(*i).eq_ignore_ascii_case("on"))?;
    // A table may have such a name.
    let named = !any_of(&["to", "from", ",", ""], word(on + 2));
    (any_of(OF_SERVER, word(on + 1)) && named).then_some(on + 1)
}

fn any_of(words: &[&str], word: &str) -> bool {
    words.iter().any(|w| w.eq_ignore_ascii_case(word))
}

/// Whether the statement is part of the schema. The beginning and the happy end of a transaction are not, and do no
/// harm: they are dropped.
pub fn statement(text: &str, dialect: Dialect, tokens: &[Token]) -> Result<bool, Flaw> {
    let word = |i: usize| tokens.get(i).map_or("", |t| &text[t.start..t.end]);
    let is = |i: usize, want: &str| word(i).eq_ignore_ascii_case(want);
    if is(0, "begin") || is(0, "commit") || is(0, "end") || (is(0, "start") && is(1, "transaction")) {
        if is(1, "prepared") {
            return Err(Flaw::new(tokens[0].start, "`COMMIT PREPARED` in a schema file").hint(TRANSACTION));
        }
        return Ok(false);
    }
    if dialect == Dialect::Postgres && is(0, "create") && is(1, "subscription") && !stays_offline(tokens.len(), &word) {
        return Err(Flaw::new(tokens[0].start, "`CREATE SUBSCRIPTION` would connect to its publisher while the schema is read")
            .hint("write `WITH (connect = false)`: whether it runs, and where it connects to, is set by hand and never part of a plan"));
    }
    if dialect == Dialect::Postgres && is(0, "do") {
        let makes = |t: &&Token| {
            let text = text[t.start..t.end].to_ascii_lowercase();
            ["create role", "create user ", "create group", "alter role", "drop role"].iter().any(|w| text.contains(w))
        };
        if let Some(token) = tokens.iter().find(makes) {
            return Err(Flaw::new(token.start, "a role in a `DO` block of a schema file").hint(PLAIN));
        }
    }
    if dialect == Dialect::Postgres
        && let Some(i) = about_server(tokens.len(), &word)
    {
        let what = word(i).to_ascii_lowercase();
        return Err(Flaw::new(tokens[i].start, format!("what is said of a {what} in a schema file"))
            .code(code::NOT_A_SCHEMA)
            .hint(ELSEWHERE));
    }
    let of_role = any_of(&["role", "user", "group"], word(1)) && !is(2, "mapping");
    if dialect == Dialect::Postgres && any_of(&["create", "alter"], word(0)) && of_role {
        let has = |want: &str| (3..tokens.len()).find(|i| is(*i, want));
        if let Some(i) = has("password").filter(|i| !is(i + 1, "null")) {
            return Err(Flaw::new(tokens[i].start, "a password in a schema file").hint(PASSWORD));
        }
        if let Some(i) = has("set").or(has("reset")).filter(|_| is(0, "alter")) {
            return Err(Flaw::new(tokens[i].start, "a setting of a role in a schema file").hint(SETTING));
        }
    }
    let more = if dialect == Dialect::Postgres { REFUSED_POSTGRES } else { REFUSED_SQLITE };
    for (words, why) in REFUSED.iter().chain(more) {
        let mapping = is(1, "user") && is(2, "mapping");
        if words.split(' ').enumerate().all(|(i, want)| is(i, want)) && !mapping {
            return Err(Flaw::new(tokens[0].start, format!("`{words}` in a schema file"))
                .code(code::NOT_A_SCHEMA)
                .hint(*why));
        }
    }
    Ok(true)
}
