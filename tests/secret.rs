//! A password is looked for in everything that msr says and writes, whatever goes well or wrong (promise 31).

#[macro_use]
mod support;

use std::path::Path;
use support::{Database, Engine, Msr, Output, postgres};

/// What URLs have to encode, and what breaks lines.
const PASSWORD: &str = "xQ7z@#/:%?\n&SESAME";
const ENCODED: &str = "xQ7z%40%23%2F%3A%25%3F%0A%26SESAME";
/// Parts of it that nothing else has.
const PARTS: [&str; 3] = ["xQ7z", "SESAME", "%0A%26"];

fn url(database: &Database) -> String {
    let server = postgres().expect("a server");
    format!("postgres://postgres:{ENCODED}@/{}?host={}&port=5432", database.name, server.folder.display())
}

/// Whether the password, or a part of it, is in there.
fn leak(text: &str) -> Option<String> {
    let part = PARTS.iter().chain([&PASSWORD, &ENCODED]).find(|part| text.contains(**part))?;
    let line = text.lines().find(|line| line.contains(*part)).unwrap_or(text);
    Some(format!("`{part}` in `{line}`"))
}

#[track_caller]
fn silent(what: &str, output: &Output) {
    assert_eq!(leak(&output.said()), None, "{what}");
}

fn files(folder: &Path, leaks: &mut Vec<String>) -> usize {
    let mut count = 0;
    for path in support::entries(folder) {
        if path.is_dir() {
            count += files(&path, leaks);
            continue;
        }
        count += 1;
        let text = String::from_utf8_lossy(&std::fs::read(&path).expect("a file")).into_owned();
        leaks.extend(leak(&text).map(|leak| format!("{}: {leak}", path.display())));
    }
    count
}

#[test]
fn p31_the_password_is_in_nothing_that_is_said_or_written() {
    needs!(Engine::Postgres);
    let database = Engine::Postgres.fresh();
    let msr = Msr::new().env("MSR_DATABASE_URL", url(&database));
    msr.write("schema/a.sql", "CREATE TABLE a (id integer PRIMARY KEY, b text);\nCREATE INDEX i ON a (b);\n");
    let runs: [&[&str]; 24] = [
        &["doctor"],
        &["plan", "--out", "p.ron", "-v"],
        &["plan", "--save", "first", "--log-format", "json"],
        &["rehearse", "p.ron", "--format", "json"],
        &["lint", "--format", "sarif"],
        &["migrate", "--yes", "--format", "json", "--metrics", "m.prom", "--backup", "backups"],
        &["list", "--format", "json"],
        &["status", "--format", "json"],
        &["drift", "-v"],
        &["inspect", "--split", "inspected"],
        &["diff", "schema", "plans"],
        &["show", "p.ron", "--format", "html"],
        &["grants", "--owner", "o", "--migrator", "m", "--app", "p"],
        &["lock", "status"],
        &["validate"],
        &["backup", "whole.dump"],
        &["export", "--to", "flyway", "--out", "exported"],
        // What goes wrong.
        &["apply", "p.ron", "--yes", "--log-format", "json"],
        &["apply", "none.ron", "--yes"],
        &["plan", "--schema", "none.sql", "-v"],
        &["down", "9", "--yes"],
        &["down", "--yes"],
        &["plan", "--shadow", "postgres://u:xQ7zSESAME@127.0.0.1:1/x"],
        &["baseline"],
    ];
    for args in runs {
        let output = msr.run(args);
        println!("{}: {}", args.join(" "), output.said());
        silent(&args.join(" "), &output);
    }
    let mut leaks = vec![];
    let found = files(&msr.path(""), &mut leaks);
    assert!(found > 5, "{found} files were looked at");
    assert_eq!(leaks, [] as [String; 0]);
    let journal = database.ask("SELECT j::text FROM msr.journal j UNION ALL SELECT p::text FROM msr.plans p");
    assert!(journal.len() > 100);
    assert_eq!(leak(&journal), None);
}

#[test]
fn p31_an_error_about_a_url_quotes_no_part_of_it() {
    let server = "127.0.0.1:1";
    let urls = [
        format!("postgres://u:{ENCODED}@{server}/d"),
        format!("postgres://u:{PASSWORD}@{server}/d"),
        format!("postgres://u:{ENCODED}@[::1/d"),
        format!("postgres://u:{ENCODED}@{server}/d?sslmode=xQ7z"),
        format!("postgres://{server}/d?password={ENCODED}&nonsense=1"),
        format!("postgers://u:{ENCODED}@{server}/d"),
        format!("mysql://u:{ENCODED}@{server}/d"),
        format!("u:{ENCODED}@{server}"),
    ];
    for url in &urls {
        for (how, msr) in [
            ("a flag", Msr::new()),
            ("the environment", Msr::new().env("DATABASE_URL", url)),
            ("a file", Msr::new().env("MSR_DATABASE_URL_FILE", "url")),
        ] {
            msr.write("url", url);
            msr.write("schema/a.sql", "CREATE TABLE a (b integer);");
            let flag = ["plan", "--database", url];
            let args = if how == "a flag" { &flag[..] } else { &flag[..1] };
            let output = msr.run(args);
            assert_ne!(output.code, 0, "{url:?} from {how}: {}", output.said());
            silent(&format!("{url:?} from {how}"), &output);
        }
    }
}
