//! The tools: how each names its files, and what it does about transactions.

use super::{File, Migration, Tool, Wraps};
use crate::{Error, Result};

pub const TOOLS: &[Tool] = &[
    // https://docs.rs/diesel_migrations: `metadata.toml` holds for both ways.
    Tool { name: "diesel", about: "VERSION_name/up.sql, down.sql", wraps: |_| Wraps::Chosen, files: diesel },
    // https://docs.rs/sqlx: the comment must be the very beginning of the file.
    Tool { name: "sqlx", about: "VERSION_name.up.sql, .down.sql", wraps: |_| Wraps::Chosen, files: sqlx },
    // https://github.com/rust-db/refinery: no undo, always a transaction; a date is a version with its feature `int8-versions`.
    Tool { name: "refinery", about: "VVERSION__name.sql", wraps: |_| Wraps::Always, files: refinery },
    // https://documentation.red-gate.com/fd/script-configuration-files-277578906.html
    Tool { name: "flyway", about: "VVERSION__name.sql, UVERSION__name.sql", wraps: |_| Wraps::Chosen, files: flyway },
    // https://github.com/amacneil/dbmate#migration-options
    Tool { name: "dbmate", about: "VERSION_name.sql with both ways", wraps: |_| Wraps::Chosen, files: dbmate },
    Tool {
        name: "golang-migrate",
        about: "VERSION_name.up.sql, .down.sql",
        // Its SQLite driver begins a transaction for each file; the one of PostgreSQL sends the file as it is.
        wraps: |engine| if engine == "sqlite" { Wraps::Always } else { Wraps::Never },
        files: pair,
    },
    Tool { name: "sql", about: "VERSION_name.up.sql, .down.sql", wraps: |_| Wraps::Never, files: pair },
];

fn diesel(m: &Migration) -> Result<Vec<File>> {
    let folder = format!("{}_{}", m.version, m.name);
    let file = |name: &str, text: String| File { path: format!("{folder}/{name}"), text };
    if m.up.transaction && m.down.transaction {
        return Ok(vec![file("up.sql", m.up.text().into()), file("down.sql", m.down.text().into())]);
    }
    Ok(vec![
        file("up.sql", m.up.alone().into()),
        file("down.sql", m.down.alone().into()),
        file("metadata.toml", "run_in_transaction = false\n".into()),
    ])
}

fn sqlx(m: &Migration) -> Result<Vec<File>> {
    let text = |script: &super::Script| match script.transaction {
        true => script.text().to_string(),
        false => format!("-- no-transaction\n{}", script.text()),
    };
    Ok(both(m, text(&m.up), text(&m.down)))
}

fn pair(m: &Migration) -> Result<Vec<File>> {
    Ok(both(m, m.up.text().into(), m.down.text().into()))
}

fn both(m: &Migration, up: String, down: String) -> Vec<File> {
    let path = |way: &str| format!("{}_{}.{way}.sql", m.version, m.name);
    vec![File { path: path("up"), text: up }, File { path: path("down"), text: down }]
}

fn refinery(m: &Migration) -> Result<Vec<File>> {
    Ok(vec![File { path: format!("V{}__{}.sql", m.version, m.name), text: m.up.text().into() }])
}

fn flyway(m: &Migration) -> Result<Vec<File>> {
    let mut files = vec![];
    for (letter, script) in [('V', &m.up), ('U', &m.down)] {
        let path = format!("{letter}{}__{}.sql", m.version, m.name);
        let mut conf = vec![];
        if !script.transaction {
            conf.push("executeInTransaction=false\n");
        }
        // What looks like one of its placeholders is text of the plan.
        if script.text().contains("${") {
            conf.push("placeholderReplacement=false\n");
        }
        if !conf.is_empty() {
            files.push(File { path: format!("{path}.conf"), text: conf.concat() });
        }
        files.push(File { path, text: script.text().into() });
    }
    Ok(files)
}

fn dbmate(m: &Migration) -> Result<Vec<File>> {
    let mut text = String::new();
    for (way, script) in [("up", &m.up), ("down", &m.down)] {
        if script.text().lines().any(|line| line.trim_start().starts_with("-- migrate:")) {
            let error =
                format!("cannot export `{}` to dbmate: a line in it would pass for one of dbmate's marks", m.name);
            return Err(Error::refused(error).hint("take the comment `-- migrate:` out of the schema"));
        }
        let option = if script.transaction { "" } else { " transaction:false" };
        text += &format!("-- migrate:{way}{option}\n{}\n", script.text());
    }
    Ok(vec![File { path: format!("{}_{}.sql", m.version, m.name), text }])
}
