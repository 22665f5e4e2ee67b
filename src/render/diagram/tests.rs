//! Pictures as texts, compared with files; that a browser and Mermaid take them is for `tests/browser`.

use super::{Use, dot, mermaid, schema, steps, svg};
use crate::model::{Catalog, Column, ForeignKey, Head, Id, Kind, PrimaryKey, Ref, Table, View};
use crate::render::tests::{check, id, postgres, sqlite};

/// Two tables that point to each other, one to itself, a view on one, and names that try to leave their places.
fn hostile() -> Catalog {
    let person = id(Kind::Table, &["public", "person"]);
    let order = id(Kind::Table, &["public", "a\"]; </title><script>alert(1)</script>%% #quot; `x`"]);
    let column = |table: &Id, name: &str, r#type: &str, required: bool| Column {
        r#type: r#type.into(),
        not_null: required,
        ..Column::new(Head::child(table.below(Kind::Column, name), table.clone()))
    };
    let key = |table: &Id, name: &str, column: &str, to: &Id| {
        let mut head = Head::child(table.below(Kind::ForeignKey, name), table.clone());
        head.refs.push(Ref::normal(to.clone()));
        ForeignKey { columns: vec![column.into()], target: to.name().into(), ..ForeignKey::new(head) }
    };
    let primary = |table: &Id| PrimaryKey {
        columns: vec!["id".into()],
        ..PrimaryKey::new(Head::child(table.below(Kind::PrimaryKey, "pk"), table.clone()))
    };
    let mut view = Head::new(id(Kind::View, &["public", "names"]));
    view.refs.push(Ref::normal(person.below(Kind::Column, "id")));
    [
        Table::new(Head::new(person.clone())).into(),
        Table::new(Head::new(order.clone())).into(),
        column(&person, "id", "bigint", true).into(),
        column(&person, "boss", "bigint", false).into(),
        column(&person, "last", "character varying(40)", false).into(),
        primary(&person).into(),
        key(&person, "person_boss", "boss", &person).into(),
        key(&person, "person_last", "last", &order).into(),
        column(&order, "id", "bigint", true).into(),
        column(&order, "1 \"<b>", "\"odd\".type", true).into(),
        primary(&order).into(),
        key(&order, "order_person", "id", &person).into(),
        View { columns: vec!["id bigint".into()], ..View::new(view) }.into(),
    ]
    .into_iter()
    .collect()
}

#[test]
fn schemas_are_drawn() {
    let diagram = schema(&hostile());
    check("schema.mermaid", &mermaid(&diagram));
    check("schema.dot", &dot(&diagram));
    check("schema.svg", &svg(&diagram, Use::File));
}

#[test]
fn plans_are_drawn() {
    check("postgres.mermaid", &mermaid(&steps(&postgres())));
    check("postgres.dot", &dot(&steps(&postgres())));
    check("postgres.svg", &svg(&steps(&postgres()), Use::Page));
    check("sqlite.mermaid", &mermaid(&steps(&sqlite())));
}

#[test]
fn p32_no_name_leaves_its_place() {
    let diagram = schema(&hostile());
    for text in [mermaid(&diagram), dot(&diagram), svg(&diagram, Use::File), svg(&diagram, Use::Page)] {
        assert!(!text.contains("<script"), "{text}");
        assert!(!text.contains("\"]; "), "{text}");
    }
}
