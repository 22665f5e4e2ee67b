//! What is managed, what is taken over, and what can be a source: filters, `baseline`, `inspect`, `import`.

#[macro_use]
mod support;

use support::{Database, Engine, Msr, Output, differences};

#[track_caller]
fn says(output: &Output, words: &[&str]) {
    for word in words {
        let said = format!("{}{}", output.stdout, output.stderr);
        assert!(said.contains(word), "does not say `{word}`: {}", output.said());
    }
}

fn same(a: &Database, b: &Database) {
    let found = differences(&a.dump(), &b.dump());
    assert!(found.is_empty(), "{}", found.join("\n"));
}

// Filters.

#[test]
fn p03_exclude_and_include_on_the_command_line() {
    needs!(Engine::Sqlite);
    let database =
        Engine::Sqlite.with("CREATE TABLE a (x); CREATE TABLE b (x); CREATE TABLE tmp_c (x);").expect("it loads");
    let msr = Msr::new();
    msr.write("a.sql", "CREATE TABLE a (x);");
    let plan =
        |more: &[&str]| msr.on(&database, &[&["plan", "--schema", "a.sql", "--detailed-exitcode"], more].concat());
    says(&plan(&[]).expect(2), &["tmp_c"]);
    plan(&["--exclude", "tmp_*", "--exclude", "main.b"]).expect(0);
    plan(&["--include", "a"]).expect(0);
    plan(&["--exclude", "kind:table"]).expect(0);
    says(&plan(&["--exclude", "kind:tabel"]).expect(78), &["`tabel`"]);
    msr.write("msr.toml", "profile = 'heroku'\n");
    says(&plan(&[]).expect(78), &["`heroku`", "`supabase`"]);
    msr.write("msr.toml", "[manage]\ngrants = 'some'\n");
    says(&plan(&[]).expect(78), &["msr.toml:2"]);
}
