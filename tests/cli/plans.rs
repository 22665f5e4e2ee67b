//! Plans that are edited, cut off, of another format, another engine, another database, stale or applied.

use super::*;

both!(an_edited_plan, |engine| {
    let (msr, database) = planned(engine);
    let text = msr.read("p.ron");
    assert!(text.contains("two"), "{text}");
    msr.write("p.ron", text.replace("two", "three"));
    says(&apply(&msr, &database).expect(4), &["p.ron"]);
    assert!(!has_two(&database));
    // Sealed again, it is a plan like any other; it may still be refused for what it does, not for its checksum.
    msr.run(&["plan", "--reseal", "p.ron"]).expect(0);
    assert!(!apply(&msr, &database).said().contains("checksum"));
});

both!(a_plan_with_other_white_space_is_the_same_plan, |engine| {
    let (msr, database) = planned(engine);
    msr.write("p.ron", format!("\u{feff}{}", msr.read("p.ron").replace('\n', "\r\n")));
    apply(&msr, &database).expect(0);
});

both!(a_truncated_plan, |engine| {
    let (msr, database) = planned(engine);
    let text = msr.read("p.ron");
    for keep in [0, 1, text.len() / 2, text.len() - 3] {
        let at = (0..=keep).rev().find(|i| text.is_char_boundary(*i)).expect("a boundary");
        msr.write("p.ron", &text[..at]);
        says(&apply(&msr, &database).expect(4), &["p.ron"]);
    }
    assert!(!has_two(&database));
});

both!(a_plan_of_a_newer_format, |engine| {
    let (msr, database) = planned(engine);
    let text = msr.read("p.ron");
    let line = text.lines().find(|line| line.trim_start().starts_with("format")).expect("a format number").to_owned();
    let newer: String = line.chars().map(|c| if c.is_ascii_digit() { '9' } else { c }).collect();
    msr.write("p.ron", text.replace(&line, &newer));
    let output = apply(&msr, &database).expect(4);
    says(&output, &["format", "9"]);
    assert!(!has_two(&database));
});

both!(a_plan_with_an_unknown_field, |engine| {
    let (msr, database) = planned(engine);
    let text = msr.read("p.ron");
    let (head, tail) = text.split_once('(').expect("a parenthesis");
    msr.write("p.ron", format!("{head}(\n    surprise: 1,{tail}"));
    says(&apply(&msr, &database).expect(4), &["surprise"]);
});

both!(a_file_that_is_no_plan, |engine| {
    let (msr, database) = planned(engine);
    for foreign in ["{\"terraform_version\": \"1.9\"}", "CREATE TABLE two (id int);", "\0\0\0\0", "(((((((((("] {
        msr.write("p.ron", foreign);
        says(&apply(&msr, &database).expect(4), &["p.ron"]);
    }
    let missing = msr.on(&database, &["apply", "nowhere.ron", "--yes"]);
    assert!([4, 64, 78].contains(&missing.code), "{}", missing.said());
});

#[test]
fn a_plan_nested_without_end_is_an_error_and_no_crash() {
    let msr = Msr::new();
    msr.write("p.ron", "(a: ".repeat(200_000));
    let output = msr.run(&["show", "p.ron"]);
    assert!([1, 4].contains(&output.code), "exit {}", output.code);
}

#[test]
fn a_plan_for_another_engine() {
    needs!(Engine::Postgres);
    needs!(Engine::Sqlite);
    let (msr, _database) = planned(Engine::Sqlite);
    let other = Engine::Postgres.with(ONE).expect("it loads");
    says(&apply(&msr, &other).expect(4), &["sqlite", "postgres"]);
    assert!(!has_two(&other));
}

#[test]
fn plans_of_another_engine_are_not_replayed() {
    needs!(Engine::Postgres);
    let database = Engine::Postgres.fresh();
    let msr = Msr::new();
    msr.write("schema/s.sql", ONE);
    msr.on(&database, &["plan", "--save", "one"]).expect(0);
    let output = msr.run(&["plan", "--from", "plans", "--database", "sqlite://a.db"]).expect(4);
    says(&output, &["_one.ron", "was made for postgres, and the database is sqlite", "--database URL"]);
}

both!(a_plan_for_another_database, |engine| {
    let database = engine.with(ONE).expect("it loads");
    let msr = Msr::new();
    msr.write("new.sql", ONE.replace("note text", "note text, more integer"));
    plan(&msr, &database, "new.sql").expect(0);
    // What the plan touches is not there, or is not what it was planned on.
    for other in ["CREATE TABLE elsewhere (id integer);", "CREATE TABLE one (number integer);"] {
        let other = engine.with(other).expect("it loads");
        let before = other.dump();
        says(&apply(&msr, &other).expect(4), &["one"]);
        assert_eq!(other.dump(), before);
    }
});

both!(a_stale_plan_names_what_moved, |engine| {
    let database = engine.with(ONE).expect("it loads");
    let msr = Msr::new();
    msr.write("new.sql", ONE.replace("note text", "note text, more integer"));
    plan(&msr, &database, "new.sql").expect(0);
    database.load("ALTER TABLE one ADD COLUMN moved text").expect("altered");
    let output = apply(&msr, &database).expect(4);
    says(&output, &["one"]);
    assert!(!database.dump().values().flatten().any(|line| line.contains("more")));
});

both!(show_works_on_a_stale_plan, |engine| {
    let (msr, database) = planned(engine);
    database.load("DROP TABLE one").expect("dropped");
    says(&msr.run(&["show", "p.ron"]).expect(0), &["two"]);
});

both!(an_applied_plan_is_not_applied_again, |engine| {
    let (msr, database) = planned(engine);
    apply(&msr, &database).expect(0);
    let again = apply(&msr, &database);
    assert!([0, 4].contains(&again.code), "{}", again.said());
    assert!(has_two(&database));
});
