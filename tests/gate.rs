//! The gate: exit codes of `msr lint`, what lets a finding pass, what `apply` makes of it, and the formats.

#[macro_use]
mod support;

use support::{Database, Engine, Msr, says};

const ONE: &str = "CREATE TABLE one (id bigint PRIMARY KEY, note text, more text);\n";
const LESS: &str = "CREATE TABLE one (id bigint PRIMARY KEY, note text);\n";

fn database(engine: Engine) -> (Msr, Database) {
    let msr = Msr::new();
    msr.write("one.sql", ONE);
    msr.write("less.sql", LESS);
    msr.write("drop.sql", "ALTER TABLE one DROP COLUMN more;\n");
    (msr, engine.with(ONE).expect("it loads"))
}

both!(a_denied_finding_is_2_and_apply_refuses, |engine| {
    let (msr, database) = database(engine);
    says(&msr.on(&database, &["lint", "--schema", "less.sql"]).expect(2), &["drop-column", "1 denied"]);
    says(&msr.on(&database, &["lint", "--schema", "one.sql"]).expect(0), &["nothing found"]);
    let plan = msr.on(&database, &["plan", "--schema", "less.sql", "--out", "p.ron"]).expect(0);
    says(&plan, &["Denied:", "--allow drop-column"]);
    says(&msr.on(&database, &["lint", "p.ron"]).expect(2), &["drop-column"]);
    msr.on(&database, &["lint", "p.ron", "--allow", "drop-column"]).expect(0);
    says(&msr.on(&database, &["apply", "p.ron", "--yes"]).expect(4), &["--allow drop-column"]);
    msr.on(&database, &["apply", "p.ron", "--yes", "--allow", "drop-column"]).expect(0);
});

both!(a_hand_written_migration_is_told_with_its_place, |engine| {
    let (msr, database) = database(engine);
    let output = msr.on(&database, &["lint", "drop.sql", "--from", "one.sql"]).expect(2);
    says(&output, &["drop.sql:1:17", "ALTER TABLE one DROP COLUMN more;", "^^^^", "drop-column"]);
    assert!(database.dump() == engine.with(ONE).expect("it loads").dump(), "the database was changed");
});

both!(what_is_not_there_is_told_by_its_text, |engine| {
    let (msr, database) = database(engine);
    let output = msr.on(&database, &["lint", "drop.sql"]).expect(2);
    says(&output, &["drop-column", "only what the text says is known"]);
});

#[test]
fn the_settings_file_has_levels_by_table() {
    needs!(Engine::Sqlite);
    let (msr, database) = database(Engine::Sqlite);
    let lint = |toml: &str, code| {
        msr.write("msr.toml", toml);
        msr.on(&database, &["lint", "--schema", "less.sql"]).expect(code)
    };
    lint("[lint]\nallow = ['drop-column']\n", 0);
    lint("[lint]\nallow = ['drop-column:one']\n", 0);
    lint("[lint]\nallow = ['drop-column:oth*']\n", 2);
    lint("[lint]\nwarn = ['drop-column']\n", 0);
    lint("[lint]\nallow = ['drop-column']\ndeny = ['drop-column:main.*']\n", 2);
    says(&lint("[lint]\nallow = ['drop-colum']\n", 78), &["drop-colum", "did you mean `drop-column`"]);
    // At apply the settings of the day count.
    msr.write("msr.toml", "");
    msr.on(&database, &["plan", "--schema", "less.sql", "--out", "p.ron"]).expect(0);
    msr.on(&database, &["apply", "p.ron", "--yes"]).expect(4);
    msr.write("msr.toml", "[lint]\nallow = ['drop-column:one']\n");
    msr.on(&database, &["apply", "p.ron", "--yes"]).expect(0);
}

#[test]
fn a_file_allows_with_a_reason_and_for_a_time() {
    needs!(Engine::Sqlite);
    let (msr, database) = database(Engine::Sqlite);
    let lint = |hint: &str, code| {
        msr.write("m.sql", format!("-- msr:allow {hint}\nALTER TABLE one DROP COLUMN more;\n"));
        msr.on(&database, &["lint", "m.sql", "--from", "one.sql"]).expect(code)
    };
    says(&lint("drop-column reason=\"nobody reads it\"", 0), &["allowed"]);
    says(&lint("drop-column", 4), &["a permission needs its reason", "m.sql:1:1"]);
    says(&lint("drop-column reason=\"x\" until=2001-01-01", 2), &["allowed until 2001-01-01 and is no longer"]);
    lint("drop-column reason=\"x\" until=2999-01-01", 0);
    lint("drop-table reason=\"another\"", 2);
    says(&lint("drop-colum reason=\"x\"", 4), &["did you mean `drop-column`"]);
    // In a schema file it is about what the statement makes; the plan keeps who allowed it.
    msr.write("less.sql", format!("-- msr:allow drop-column reason=\"unused\"\n{LESS}"));
    msr.on(&database, &["lint", "--schema", "less.sql"]).expect(0);
    msr.on(&database, &["plan", "--schema", "less.sql", "--out", "p.ron"]).expect(0);
    assert!(msr.read("p.ron").contains("unused (less.sql:1:1)"));
    msr.on(&database, &["apply", "p.ron", "--yes"]).expect(0);
}

#[test]
fn nobody_waits_for_a_small_table() {
    needs!(Engine::Postgres);
    let database = Engine::Postgres.with("CREATE TABLE one (id bigint PRIMARY KEY, note text);").expect("it loads");
    let msr = Msr::new();
    msr.write(
        "new.sql",
        "CREATE TABLE one (id bigint PRIMARY KEY, note text);\nCREATE INDEX one_note ON one (note);\n",
    );
    says(&msr.on(&database, &["lint", "--schema", "new.sql"]).expect(0), &["note", "create-index-blocking"]);
    // Without a database it may be of any size.
    msr.write("old.sql", LESS);
    msr.on(&database, &["lint", "--schema", "new.sql", "--from", "old.sql"]).expect(2);
}

#[test]
fn every_format_says_the_same() {
    needs!(Engine::Sqlite);
    let (msr, database) = database(Engine::Sqlite);
    msr.write("odd.sql", "CREATE TABLE \"<b>@all\n`%\" (a int);\nALTER TABLE one DROP COLUMN more;\n");
    let lint =
        |format| msr.on(&database, &["lint", "odd.sql", "--from", "one.sql", "--format", format]).expect(2).stdout;
    for format in ["json", "sarif", "gitlab"] {
        let text = lint(format);
        let value: serde_json::Value = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{format}: {e}\n{text}"));
        assert!(value.to_string().contains("drop-column"), "{format}: {text}");
    }
    let sarif: serde_json::Value = serde_json::from_str(&lint("sarif")).expect("JSON");
    assert_eq!(sarif["version"], "2.1.0");
    let found = &sarif["runs"][0]["results"][1];
    assert_eq!(found["locations"][0]["physicalLocation"]["region"]["startLine"], 3);
    let rule = found["ruleIndex"].as_u64().expect("a number") as usize;
    assert_eq!(sarif["runs"][0]["tool"]["driver"]["rules"][rule]["id"], found["ruleId"]);
    let github = lint("github");
    assert!(github.contains("::error file=odd.sql,line=3,endLine=3,col=17,"), "{github}");
    assert!(github.lines().all(|line| line.starts_with("::")), "{github}");
    let junit = lint("junit");
    assert!(junit.contains("failures=\"1\"") && !junit.contains("<b>"), "{junit}");
    let markdown = lint("markdown");
    // Between fences nothing means anything.
    let markdown: String = markdown.split("```").step_by(2).collect();
    assert!(markdown.contains("<details>") && !markdown.contains("<b>") && !markdown.contains("@all"), "{markdown}");
}

#[test]
fn a_comment_stays_short_enough() {
    needs!(Engine::Sqlite);
    let (msr, database) = database(Engine::Sqlite);
    msr.write("many.sql", "DELETE FROM one;\n".repeat(500));
    let output = msr.on(&database, &["lint", "many.sql", "--from", "one.sql", "--format", "markdown"]).expect(2);
    assert!(output.stdout.len() < 65_536 && output.stdout.contains("more: run `msr lint`"), "{}", output.stdout.len());
}

#[test]
fn rules_are_explained() {
    let msr = Msr::new();
    says(
        &msr.run(&["lint", "--explain", "drop-column"]).expect(0),
        &["What happens", "Instead", "-- msr:allow drop-column"],
    );
    says(&msr.run(&["lint", "--explain", "drop-colum"]).expect(64), &["did you mean `drop-column`"]);
    assert!(msr.run(&["lint", "--explain", "all"]).expect(0).stdout.lines().count() > 100);
}

#[test]
fn who_keeps_a_build_waiting_is_told_and_not_written_down() {
    needs!(Engine::Postgres);
    let (msr, database) = database(Engine::Postgres);
    msr.write("msr.toml", "online = true\n");
    msr.write(
        "indexed.sql",
        ONE.to_string() + "CREATE INDEX one_note ON one (note);\nALTER TABLE one ADD UNIQUE (more);\n",
    );
    let plan = |file| msr.on(&database, &["plan", "--schema", "indexed.sql", "--out", file]).expect(0);
    let before = plan("before.ron");
    assert!(!before.stdout.contains("would wait for"), "{}", before.said());
    let mut psql = support::postgres().expect("a server").program("psql");
    psql.args(["-X", "-q", "-d", &database.name, "-c", "BEGIN; UPDATE one SET note = 'secret'; SELECT pg_sleep(60)"]);
    let mut writer = psql.env("PGAPPNAME", "writer").spawn().expect("psql");
    let old = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'writer' AND datname = current_database() \
               AND xact_start < clock_timestamp() - interval '5.5 s'";
    while database.ask(old).trim() != "1" {
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    let during = plan("during.ron");
    says(&during, &["would wait for session ", "of `postgres` (writer), in a"]);
    // Two steps build an index; one of them says it.
    assert_eq!(during.stdout.matches("would wait for").count(), 1, "{}", during.said());
    assert!(!during.stdout.contains("secret"), "{}", during.said());
    let bytes = |file| -> Vec<String> {
        let varies =
            |l: &&str| ["created_at", "version", "name", "checksum"].iter().all(|w| !l.trim_start().starts_with(w));
        msr.read(file).lines().filter(varies).map(str::to_string).collect()
    };
    assert_eq!(bytes("before.ron"), bytes("during.ron"));
    writer.kill().expect("it is there");
    writer.wait().expect("it is there");
}
