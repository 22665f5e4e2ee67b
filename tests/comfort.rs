//! A pager for what is long, planning again while files change, "did you mean", examples in the help.

#[macro_use]
mod support;

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;
use std::time::Duration;
use support::{Database, Engine, Msr, says, skip};

/// A plan that no screen holds, in `p.ron`.
fn long() -> (Msr, Database) {
    let (msr, database) = (Msr::new(), Engine::Sqlite.fresh());
    let tables: String = (0..60).map(|i| format!("CREATE TABLE t{i} (id integer PRIMARY KEY);\n")).collect();
    msr.write("s.sql", tables);
    msr.on(&database, &["plan", "--schema", "s.sql", "--out", "p.ron"]).expect(0);
    (msr, database)
}

/// On a terminal, as `script` makes one.
fn on_terminal(msr: &Msr, line: &str, env: &[(&str, &str)]) -> String {
    let program = msr.command(&[]).get_program().to_string_lossy().into_owned();
    let mut command = Command::new("script");
    command.args(["-qec", &format!("{program} {line}"), "/dev/null"]).current_dir(msr.path("")).stdin(Stdio::null());
    command.env_remove("PAGER").env_remove("MSR_PAGER").env("TERM", "xterm").envs(env.iter().copied());
    String::from_utf8_lossy(&command.output().expect("script runs").stdout).into_owned()
}

#[test]
fn what_is_long_goes_through_a_pager() {
    needs!(Engine::Sqlite);
    if !Command::new("script").arg("--version").output().is_ok_and(|o| o.status.success()) {
        return skip("what_is_long_goes_through_a_pager", "script is not installed");
    }
    let (msr, _database) = long();
    let pager = ("PAGER", "sed 's/^/paged: /'");
    let paged = |said: &str| said.contains("paged: ");
    assert!(paged(&on_terminal(&msr, "show p.ron", &[pager])));
    assert!(!paged(&on_terminal(&msr, "show p.ron --no-pager", &[pager])));
    assert!(!paged(&on_terminal(&msr, "show p.ron", &[pager, ("MSR_PAGER", "cat")])), "msr's own comes first");
    assert!(!paged(&on_terminal(&msr, "show p.ron --format json", &[pager])), "that is for programs");
    let missing = on_terminal(&msr, "show p.ron", &[("PAGER", "no-such-pager-here")]);
    assert!(missing.contains("60 to create"), "{missing}");
    let piped = msr.run(&["show", "p.ron"]).expect(0);
    assert!(!piped.stdout.contains("paged"));
}

#[test]
fn a_change_of_the_schema_is_planned_again() {
    needs!(Engine::Sqlite);
    let (msr, database) = (Msr::new(), Engine::Sqlite.fresh());
    msr.write("schema/a.sql", "CREATE TABLE first (id integer);");
    let url = database.url();
    let mut child = msr.command(&["plan", "--watch", "--database", &url]).spawn().expect("the binary runs");
    let (tell, lines) = channel();
    let streams: [Box<dyn std::io::Read + Send>; 2] =
        [Box::new(child.stdout.take().expect("stdout")), Box::new(child.stderr.take().expect("stderr"))];
    for stream in streams {
        let tell = tell.clone();
        std::thread::spawn(move || {
            BufReader::new(stream).lines().map_while(Result::ok).for_each(|l| drop(tell.send(l)))
        });
    }
    let mut seen = String::new();
    let mut until = |word: &str| {
        while !seen.contains(word) {
            let line = lines.recv_timeout(Duration::from_secs(60));
            seen += &line.unwrap_or_else(|e| panic!("{e} before `{word}`: {seen}"));
        }
    };
    until("main.first");
    msr.write("schema/b.sql", "CREATE TABLE second (id integer);");
    until("main.second");
    msr.write("schema/b.sql", "CREATE TABLE second (");
    until("error");
    msr.write("schema/b.sql", "CREATE TABLE third (id integer);");
    until("main.third");
    until("watching schema");
    child.kill().expect("it can be ended");
    child.wait().expect("it ends");
    msr.on(&database, &["plan", "--watch", "--schema", "nowhere"]).expect(64);
}

#[test]
fn a_slip_is_answered_with_what_was_meant() {
    needs!(Engine::Sqlite);
    let (msr, database) = long();
    says(&msr.run(&["pln"]).expect(64), &["'plan'"]);
    says(&msr.run(&["show", "p.ron", "--format", "htlm"]).expect(64), &["'html'"]);
    says(&msr.on(&database, &["plan", "--schema", "s.sql", "--allow", "drop-tabel"]).expect(78), &["drop-table"]);
    database.load("CREATE TABLE members (id integer);").expect("it loads");
    msr.write("r.sql", "-- msr:renamed from membres\nCREATE TABLE people (id integer);");
    says(&msr.on(&database, &["plan", "--schema", "r.sql"]).expect(4), &["[E0403]", "did you mean `members`?"]);
    msr.write("msr.toml", "shcema = 'x'\n");
    says(&msr.run(&["plan"]).expect(78), &["[E0101]", "did you mean `schema`?"]);
    std::fs::remove_file(msr.path("msr.toml")).expect("it goes");
    msr.write("schema/s.sql", "CREATE TABLE one (id integer);\nCREATE TABLE members (id integer);");
    msr.on(&database, &["plan", "--save", "one"]).expect(0);
    msr.on(&database, &["migrate", "--yes"]).expect(0);
    let name = std::fs::read_dir(msr.path("plans")).expect("plans").next().expect("one").expect("a file").file_name();
    let version = name.to_string_lossy().split('_').next().unwrap_or_default().to_string();
    let slip = format!("{}9", &version[..version.len() - 1]);
    let slip = if slip == version { format!("{}8", &version[..version.len() - 1]) } else { slip };
    says(&msr.on(&database, &["down", &slip, "--yes"]).expect(4), &[&format!("did you mean `{version}`?")]);
    says(&msr.on(&database, &["migrate", &slip, "--yes"]).expect(4), &[&format!("did you mean `{version}`?")]);
}

#[test]
fn help_has_examples() {
    let msr = Msr::new();
    says(&msr.run(&["plan", "--help"]).expect(0), &["Examples:", "msr plan --save add_middle_name"]);
    says(&msr.run(&["man"]).expect(0), &["msr"]);
}

/// The pattern that the page gives Visual Studio Code finds the place in a message.
#[test]
fn an_editor_finds_the_place() {
    needs!(Engine::Sqlite);
    let page = std::fs::read_to_string(support::repository().join("docs/editors.md")).expect("the page");
    let tasks = page.split("```json\n").nth(1).and_then(|rest| rest.split("```").next()).expect("tasks.json");
    let tasks: serde_json::Value = serde_json::from_str(tasks).expect("it is JSON");
    let pattern = tasks["tasks"][0]["problemMatcher"]["pattern"]["regexp"].as_str().expect("a pattern");
    let msr = Msr::new();
    msr.write("schema/a.sql", "CREATE TABLE fine (id integer);\nCREATE TABLE broken (id no such thing here at all(;");
    let said = msr.on(&Engine::Sqlite.fresh(), &["plan", "--no-pager", "--color", "never"]).expect(4);
    let mut grep =
        Command::new("grep").args(["-cP", pattern]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("grep");
    std::io::Write::write_all(&mut grep.stdin.take().expect("stdin"), said.stderr.as_bytes()).expect("it reads");
    let found = grep.wait_with_output().expect("it ends");
    assert_eq!(String::from_utf8_lossy(&found.stdout).trim(), "1", "{pattern}\n{}", said.stderr);
    assert!(said.stderr.contains("schema/a.sql:2:"), "{}", said.stderr);
}
