use super::super::tests::{postgres, source};
use super::*;

fn ordered(texts: &[&str]) -> Vec<String> {
    let source = postgres(texts);
    source.order().iter().map(|s| source.statements[*s].text.clone()).collect()
}

#[test]
fn files_in_reverse_order() {
    let want = [
        "create schema app",
        "create extension citext",
        "create type mood as enum ('a')",
        "create table app.users (id int, m mood, e citext)",
        "alter table app.users add primary key (id)",
        "create table orders (u int references app.users)",
        "create function total(o orders) returns int language sql as $$ select 1 from app.users $$",
        "create view v as select total(o) from orders o",
        "create index i on orders (u)",
        "create trigger v after insert on orders execute function f()",
        "comment on view v is 'x'",
    ];
    let reversed: Vec<&str> = want.iter().rev().copied().collect();
    let got = ordered(&reversed);
    let at = |sql: &str| got.iter().position(|s| s.starts_with(sql)).unwrap();
    for (before, after) in [
        ("create schema", "create table app.users"),
        ("create extension", "create table app.users"),
        ("create type", "create table app.users"),
        ("create table app.users", "alter table app.users"),
        ("alter table app.users", "create table orders"),
        ("create table orders", "create function"),
        ("create function", "create view"),
        ("create view", "comment"),
        ("create table orders", "create index"),
        ("create table orders", "create trigger"),
    ] {
        assert!(at(before) < at(after), "{before} before {after}: {got:#?}");
    }
    assert_eq!(ordered(&want), want);
}

#[test]
fn tables_are_attached_when_all_else_is_done() {
    let texts = [
        "create table p (x int) partition by list (x); create index i on only p (x); alter table p attach partition q default",
        "create table q (x int); create index j on q (x)",
    ];
    assert!(ordered(&texts).last().is_some_and(|last| last.contains("attach")));
    let text = "create table q (x int); create table p (x int) partition by list (x); alter table p attach partition q default; create index on p (x)";
    assert_eq!(ordered(&[text]).join("; "), text);
}

#[test]
fn written_order_holds() {
    for text in [
        "create table x(); drop table x; create table x(a int)",
        "drop table if exists x, y; create table y(); create table x(a int references y)",
        "create table a(); alter table a rename to b; create table a(); comment on table a is ''",
        "create table a(); create view v as select * from a; alter table a add x int; drop view v",
        "create view v as select w.x as w from t w; create view w as select v.x as v from v",
        "create function a() returns int language sql as $$ select b() $$; create function b() returns int language sql as $$ select a() $$",
        "set search_path = a; create table t(); reset all; create table u(); set x = 1; create view v as select 1 from t",
    ] {
        let got = ordered(&[text]);
        assert_eq!(got.join("; "), text);
    }
}

#[test]
fn a_file_with_settings_stays_whole() {
    let got = ordered(&[
        "create view v as select * from s.t",
        "set search_path = s; create view w as select * from t; create table t(); reset search_path; create table u()",
        "create schema s",
    ]);
    assert_eq!(
        got,
        [
            "create schema s",
            "set search_path = s",
            "create table t()",
            "create view w as select * from t",
            "reset search_path",
            "create table u()",
            "create view v as select * from s.t",
        ]
    );
}

#[test]
fn cycles_keep_the_written_order() {
    let texts = ["create table a (x int references b)", "create table b (x int references a)", "create table c ()"];
    assert_eq!(ordered(&texts), [texts[2], texts[0], texts[1]]);
    let parts = [
        "create unique index on a (y)",
        "alter table b add foreign key (x) references a (x), add foreign key (x) references a (y)",
        "create sequence s owned by a.x",
        "alter table a add primary key (x)",
        "alter table a add column y int",
        "create table a (x int)",
        "create table b (x int)",
    ];
    assert_eq!(ordered(&parts), [5, 3, 4, 0, 2, 6, 1].map(|i| parts[i]));
    let sqlite = source(Dialect::Sqlite, &["create index I on [T](x)", "create table t(x)"]);
    assert_eq!(sqlite.order(), [1, 0]);
}

#[test]
fn many_are_quick() {
    let table = |i: usize| {
        format!(
            "create table t{i} (id int primary key, p int references t{}(id)); alter table t{i} add x int; create index on t{i}(x);",
            (i + 1) % 5000
        )
    };
    let text: String = (0..5000).map(table).collect();
    let source = postgres(&[&text]);
    let start = std::time::Instant::now();
    assert_eq!(source.order().len(), 15000);
    source.digest();
    assert!(start.elapsed().as_secs() < 10, "{:?}", start.elapsed());
}
