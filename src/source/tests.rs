//! What the tests of the files beside share, and what concerns the source as a whole.

use super::*;

pub fn source(dialect: Dialect, texts: &[&str]) -> Source {
    let file = |(i, text): (usize, &&str)| File { name: format!("{i}.sql"), text: text.to_string() };
    Source::parse(texts.iter().enumerate().map(file).collect(), dialect).unwrap_or_else(|e| panic!("{e}"))
}

pub fn postgres(texts: &[&str]) -> Source {
    source(Dialect::Postgres, texts)
}

#[test]
fn places_count_characters() {
    let source = postgres(&["\u{feff}-- é\nselect 'ééé',\r\n  'é', x; select 2;"]);
    let text = &source.statements[0].text;
    assert_eq!(source.place(0, 0), "0.sql:2:1");
    assert_eq!(source.place(0, text.find(',').unwrap()), "0.sql:2:13");
    assert_eq!(source.place(0, text.find('x').unwrap()), "0.sql:3:8");
    assert_eq!(source.place(0, 9999), "0.sql:3:9");
    assert_eq!(source.place(0, 9), "0.sql:2:9", "inside of a character");
    assert_eq!(source.place(1, 0), "0.sql:3:11");
    assert_eq!(&source.files[0].text[source.statements[1].range.clone()], "select 2");
}

#[test]
fn names_defined_and_needed() {
    for (sql, defines, needs) in [
        ("create table app.a (x b, y int references c(id), z int default nextval('d'))", "app.a", "b c d"),
        ("create view v as select e.x from e, app.f join g on true where h = 1", "v", "app.f e g"),
        ("create index i on only a using gin (b gin_ops)", "i", "a"),
        ("create index on app.a (x)", "", "app.a"),
        ("create trigger b after update of c on a for each row execute function d()", "", "a d"),
        ("create function b(c, d int) returns setof e language sql as $$ select * from g, \"H\" $$", "b", "c e g"),
        (
            "create function b() returns trigger language plpgsql as $$ declare x c%rowtype; y d.e%type; begin perform f(); end $$",
            "b",
            "c d",
        ),
        ("create function b() returns int begin atomic select 1 from c; end", "b", "c"),
        ("create materialized view if not exists b as select x::c, cast(y as d) from lateral (select 1) z", "b", "c d"),
        ("alter sequence a owned by b.c", "", "a b"),
        ("alter table only a add constraint c foreign key (b) references d(id)", "", "a d"),
        ("alter table a rename to b", "b", "a"),
        ("comment on column b.c is 'd'", "", "b"),
        ("comment on trigger b on a is ''", "", "a"),
        ("grant select on b to c", "", "b"),
        ("create type e as enum ('a', 'b')", "e", ""),
        ("create type b as (a int, f c[])", "b", "c"),
        ("create domain e as c check (value > 0)", "e", "c"),
        ("create table a partition of b for values in (1)", "a", "b"),
        ("create table a (x int) inherits (b, c)", "a", "b c"),
        ("create extension if not exists citext with schema app", "citext", "app"),
        ("create policy b on a using (x in (select y from c))", "", "a c"),
        ("create sequence d owned by none", "d", ""),
        ("insert into a select * from b", "", "a b"),
        ("-- msr:depends on function e(int)\ncreate table a()", "a", "e"),
    ] {
        let all = "create table a(); create table b(); create table c(); create table d(); create table e(); \
                   create table f(); create table g(); create table h(); create schema app; create table app.f(); \
                   create table app.a();";
        let source = postgres(&[all, sql]);
        let found = source.statements.last().unwrap();
        let show = |names: &[Name]| {
            let one = |n: &Name| n.schema.iter().map(|s| format!("{s}.")).collect::<String>() + &n.name;
            let mut names: Vec<_> = names.iter().map(one).collect();
            names.sort();
            names.join(" ")
        };
        let known = |n: &&Name| matches!(n.name.as_str(), "a" | "b" | "c" | "d" | "e" | "f" | "g" | "h" | "app");
        let needs_found: Vec<Name> = found.needs.iter().filter(known).cloned().collect();
        assert_eq!((show(&found.defines).as_str(), show(&needs_found).as_str()), (defines, needs), "{sql}");
    }
}

#[test]
fn any_text_is_split_or_refused() {
    use proptest::prelude::*;
    let word = prop_oneof![
        "[ -~\n]{0,3}",
        proptest::sample::select(vec![
            "'",
            "\"",
            "$$",
            "$a$",
            "/*",
            "*/",
            "--",
            "\n",
            ";",
            "(",
            ")",
            "[",
            "]",
            "`",
            "E'",
            "U&'",
            "\\",
            "é",
            "\0",
            "create ",
            "trigger ",
            "rule ",
            "begin ",
            "atomic ",
            "case ",
            "end",
            ".",
            ":",
            "-- msr:allow x reason=y\n",
            "table ",
            "a ",
            "type ",
            "add ",
            "index ",
            "on ",
            "function ",
            "as ",
            "view ",
            "U&\"",
        ])
        .prop_map(String::from),
    ];
    let text = proptest::collection::vec(word, 0..40).prop_map(|words| words.concat());
    let config = ProptestConfig { cases: 2000, failure_persistence: None, ..Default::default() };
    proptest!(config, |(text in text)| {
        for dialect in [Dialect::Postgres, Dialect::Sqlite] {
            let file = File { name: "x".into(), text: text.clone() };
            if let Ok(source) = Source::parse(vec![file], dialect) {
                let order = source.order();
                prop_assert_eq!(order.len(), source.statements.len());
                source.digest();
                for statement in &source.statements {
                    prop_assert!(!statement.text.is_empty());
                    let again = split(&statement.text, dialect);
                    prop_assert!(again.is_ok_and(|a| a.len() == 1 && a[0] == (0..statement.text.len())), "{:?}", statement.text);
                }
            }
        }
    });
}
