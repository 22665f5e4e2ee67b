//! Schema files, and the names in them.

use super::*;

both!(a_schema_file_that_is_not_there, |engine| {
    let msr = Msr::new();
    let output = plan(&msr, &engine.fresh(), "nowhere.sql");
    assert!([4, 64, 78].contains(&output.code), "{}", output.said());
    says(&output, &["nowhere.sql"]);
});

#[test]
fn a_schema_file_that_may_not_be_read() {
    use std::os::unix::fs::PermissionsExt;
    needs!(Engine::Sqlite);
    let msr = Msr::new();
    let path = msr.write("new.sql", ONE);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o000)).expect("chmod");
    if std::fs::read(&path).is_ok() {
        // Root may read everything; a folder where a file should be, it can't read either.
        std::fs::remove_file(&path).expect("removed");
        std::fs::create_dir(&path).expect("a folder");
        std::fs::create_dir(path.join("nested.sql")).expect("a folder");
    }
    let output = plan(&msr, &Engine::Sqlite.fresh(), "new.sql");
    assert!([1, 4, 64, 78].contains(&output.code), "{}", output.said());
    says(&output, &["new.sql"]);
}

both!(a_schema_file_that_is_not_utf8, |engine| {
    let msr = Msr::new();
    msr.write("new.sql", b"CREATE TABLE a (id integer);\n-- gr\xfc\xdfe\n");
    let output = plan(&msr, &engine.fresh(), "new.sql").expect(4);
    says(&output, &["new.sql", "UTF-8"]);
});

both!(a_byte_order_mark_and_carriage_returns_are_nothing, |engine| {
    let database = engine.with(ONE).expect("it loads");
    let msr = Msr::new();
    msr.write("one.sql", format!("\u{feff}{}", ONE.replace('\n', "\r\n")));
    msr.on(&database, &["plan", "--schema", "one.sql", "--detailed-exitcode"]).expect(0);
});

both!(a_huge_schema_file, |engine| {
    let msr = Msr::new();
    // Comments only: whatever the limit is, it must not hang, or eat the machine's memory, or crash.
    let line = "-- padding padding padding padding padding padding padding padding\n";
    msr.write("new.sql", format!("{ONE}{}", line.repeat(64 * 1024 * 1024 / line.len())));
    let begun = Instant::now();
    let output = plan(&msr, &engine.fresh(), "new.sql");
    assert!([0, 4].contains(&output.code), "{}", output.said());
    assert!(begun.elapsed() < Duration::from_secs(60), "took {:?}", begun.elapsed());
});

both!(an_empty_schema_against_a_full_database_needs_an_allowance, |engine| {
    let database = engine.with(TWO).expect("it loads");
    let before = database.dump();
    let msr = Msr::new();
    msr.write("empty.sql", "-- nothing here\n");
    std::fs::create_dir(msr.path("schema")).expect("a folder");
    for schema in ["empty.sql", "schema"] {
        let mut refused = plan(&msr, &database, schema);
        if refused.code == 0 {
            refused = apply(&msr, &database);
        }
        let refused = refused.expect(4);
        says(&refused, &["--allow"]);
        assert_eq!(database.dump(), before);
    }
    let planned = msr.on(&database, &["plan", "--schema", "empty.sql", "--out", "p.ron", "--allow", "all"]);
    assert_eq!(planned.code, 0, "{}", planned.said());
    msr.on(&database, &["apply", "p.ron", "--phase", "all", "--yes", "--allow", "all"]).expect(0);
    assert_eq!(database.dump(), engine.fresh().dump());
});

both!(dropping_a_table_needs_an_allowance, |engine| {
    let database = engine.with(TWO).expect("it loads");
    database.load("INSERT INTO two VALUES (1)").expect("a row");
    let msr = Msr::new();
    msr.write("one.sql", ONE);
    plan(&msr, &database, "one.sql").expect(0);
    says(&apply(&msr, &database).expect(4), &["two", "--allow"]);
    assert_eq!(database.ask("SELECT count(*) FROM two"), "1");
});

both!(sql_that_the_engine_rejects_is_shown_with_file_line_column, |engine| {
    let msr = Msr::new();
    msr.write("schema/a.sql", ONE);
    msr.write(
        "schema/b.sql",
        "-- a comment\n\nCREATE TABLE b (\n    id integer PRIMARY KEY,\n    CHECK (no_such_column > 0)\n);\n",
    );
    let output = plan(&msr, &engine.fresh(), "schema").expect(4);
    says(&output, &["b.sql:", "no_such_column"]);
    let place = output.stderr.split("b.sql:").nth(1).expect("a place");
    let line: usize = place.split(':').next().expect("a line").parse().expect("a number");
    assert!((3..=6).contains(&line), "line {line}: {}", output.said());
});

both!(a_syntax_error_is_shown_with_file_line_column, |engine| {
    let msr = Msr::new();
    msr.write("new.sql", "CREATE TABLE a (id integer);\nCREATE TABEL b (id integer);\n");
    says(&plan(&msr, &engine.fresh(), "new.sql").expect(4), &["new.sql:2:", "TABEL"]);
});

both!(files_in_any_order, |engine| {
    let msr = Msr::new();
    msr.write("schema/1.sql", "CREATE VIEW v AS SELECT id FROM child;");
    msr.write("schema/2/3.sql", "CREATE TABLE child (id integer PRIMARY KEY, parent integer REFERENCES parent (id));");
    msr.write("schema/4.sql", "CREATE TABLE parent (id integer PRIMARY KEY);");
    let database = engine.fresh();
    plan(&msr, &database, "schema").expect(0);
    apply(&msr, &database).expect(0);
});

both!(a_rename_hint_whose_old_name_is_not_there, |engine| {
    let database = engine.with(ONE).expect("it loads");
    let msr = Msr::new();
    msr.write("new.sql", format!("{ONE}-- msr:renamed from nobody\nCREATE TABLE two (id integer PRIMARY KEY);\n"));
    says(&plan(&msr, &database, "new.sql").expect(4), &["nobody", "new.sql:"]);
});

both!(a_rename_hint_whose_old_name_is_still_wanted, |engine| {
    let database = engine.with(ONE).expect("it loads");
    let msr = Msr::new();
    msr.write("new.sql", format!("{ONE}-- msr:renamed from one\nCREATE TABLE two (id integer PRIMARY KEY);\n"));
    says(&plan(&msr, &database, "new.sql").expect(4), &["one", "new.sql:"]);
});

both!(a_rename_hint_that_has_been_followed_is_no_change, |engine| {
    let database = engine.with(ONE).expect("it loads");
    let msr = Msr::new();
    msr.write("new.sql", "-- msr:renamed from one\nCREATE TABLE uno (id integer PRIMARY KEY, note text);\n");
    plan(&msr, &database, "new.sql").expect(0);
    says(&apply(&msr, &database).expect(4), &["--allow rename-table"]);
    msr.on(&database, &["apply", "p.ron", "--phase", "all", "--yes", "--allow", "rename-table"]).expect(0);
    msr.on(&database, &["plan", "--schema", "new.sql", "--detailed-exitcode"]).expect(0);
});

both!(a_drop_and_an_add_alike_give_the_hint_to_write, |engine| {
    let database = engine.with(ONE).expect("it loads");
    let msr = Msr::new();
    msr.write("new.sql", "CREATE TABLE uno (id integer PRIMARY KEY, note text);\n");
    says(&msr.on(&database, &["plan", "--schema", "new.sql"]), &["msr:renamed from one"]);
});

both!(names_with_quotes_newlines_and_keywords, |engine| {
    let database = engine.fresh();
    let msr = Msr::new();
    msr.write("new.sql", "CREATE TABLE \"sel\"\"ect\nfrom\" (\"order\" integer PRIMARY KEY, \"a'b\" text, \"; DROP TABLE x; --\" integer);");
    plan(&msr, &database, "new.sql").expect(0);
    apply(&msr, &database).expect(0);
    msr.on(&database, &["plan", "--schema", "new.sql", "--detailed-exitcode"]).expect(0);
    msr.on(&database, &["down", "--yes", "--allow", "all"]).expect(0);
});

#[test]
fn a_name_of_64_bytes_is_refused_on_postgres() {
    needs!(Engine::Postgres);
    let msr = Msr::new();
    let name = "n".repeat(64);
    msr.write("new.sql", format!("CREATE TABLE {name} (id int);"));
    says(&plan(&msr, &Engine::Postgres.fresh(), "new.sql").expect(4), &["63", "new.sql:1"]);
    msr.write("column.sql", format!("CREATE TABLE t (id int, \"{}\" int);", "ü".repeat(32)));
    says(&plan(&msr, &Engine::Postgres.fresh(), "column.sql").expect(4), &["63"]);
}

#[test]
fn control_characters_of_a_name_do_not_reach_the_terminal() {
    needs!(Engine::Sqlite);
    let msr = Msr::new();
    msr.write("new.sql", "CREATE TABLE \"a\u{1b}[31mred\" (id integer);");
    let output = plan(&msr, &Engine::Sqlite.fresh(), "new.sql");
    assert!(!output.said().contains('\u{1b}'), "{:?}", output.said());
}
