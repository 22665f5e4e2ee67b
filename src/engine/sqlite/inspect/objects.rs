//! What stands beside tables: indexes, views, triggers, virtual tables.

use super::super::normal::{Names, normal, normal_trigger, spelled};
use super::super::token::{Token, TokenKind, group_end, name_at, split_at_commas, tokens};
use super::create::mentioned;
use super::mentions::relations;
use super::{Entry, MAIN, Reading};
use crate::model::{Head, Id, Index, Kind, Ref, Trigger, View, VirtualTable};

/// `None` for an index on what is not modelled.
pub fn index(reading: &mut Reading, entry: &Entry) -> Option<()> {
    let table = modelled(reading, entry)?;
    let tokens = tokens(&entry.text);
    let on = tokens.iter().position(|t| t.is("ON"))?;
    let rest = tokens.get(on + 2..)?;
    rest.first().filter(|t| t.is("("))?;
    let mut head = Head::child(Id::new(Kind::Index, [MAIN, &entry.name]), table).with_text(&entry.text);
    // Not dropped with a column: DROP COLUMN refuses (https://sqlite.org/lang_altertable.html#altertabdropcol).
    head.refs.extend(columns(reading, rest, &[entry.on_table.as_str()]));
    let unique = tokens.get(1).is_some_and(|t| t.is("UNIQUE"));
    reading.catalog.insert(
        Index { unique, definition: index_definition(reading, &entry.on_table, rest)?, ..Index::new(head) }.into(),
    );
    Some(())
}

/// With the table, since an index of the same name may move to another; without ASC, which is what it has without saying so.
fn index_definition(reading: &Reading, table: &str, rest: &[Token]) -> Option<String> {
    let end = group_end(rest, 0)?;
    let known = &names(reading, &[table]);
    let one = |part: &&[Token]| match part {
        [before @ .., last] if last.is("ASC") => normal(before, known),
        [before @ .., last] if last.is("DESC") => format!("{} DESC", normal(before, known)),
        part => normal(part, known),
    };
    let items: Vec<String> = split_at_commas(&rest[1..end - 1]).iter().map(one).collect();
    let filter = if end < rest.len() { format!(" {}", normal(&rest[end..], known)) } else { String::new() };
    Some(format!("ON {} ({}){filter}", spelled(table), items.join(", ")))
}

pub fn view(reading: &mut Reading, entry: &Entry) -> Option<()> {
    let tokens = tokens(&entry.text);
    let start = name_at(&tokens)? + 1;
    let mut view = View::new(Head::new(Id::new(Kind::View, [MAIN, &entry.name])).with_text(&entry.text));
    let mut at = start;
    if tokens.get(at)?.is("(") {
        let end = group_end(&tokens, at)?;
        let names = split_at_commas(&tokens[at + 1..end - 1]);
        view.columns = names.iter().map(|n| n.first()?.name()).collect::<Option<_>>()?;
        at = end;
    }
    let query = tokens.get(at + 1..).filter(|_| tokens[at].is("AS"))?;
    let tables = related(reading, query, None);
    view.head.refs = needs(reading, query, &tables);
    view.definition = normal(query, &names(reading, &tables));
    reading.catalog.insert(view.into());
    Some(())
}

/// `None` for a trigger on what is not modelled.
pub fn trigger(reading: &mut Reading, entry: &Entry) -> Option<()> {
    let table = modelled(reading, entry)?;
    let tokens = tokens(&entry.text);
    let start = name_at(&tokens)? + 1;
    let id = Id::new(Kind::Trigger, [MAIN, table.name(), &entry.name]);
    let mut head = Head::child(id, table).with_text(&entry.text);
    let on = tokens.iter().position(|t| t.is("ON"))?;
    head.refs.extend(columns(reading, &tokens[start..on], &[entry.on_table.as_str()]));
    let tables = related(reading, &tokens[on + 1..], Some(&entry.on_table));
    head.refs.extend(needs(reading, &tokens[on + 1..], &tables));
    let rest = normal_trigger(&tokens[start..], &names(reading, &tables));
    let definition = format!("CREATE TRIGGER {} {rest}", spelled(&entry.name));
    reading.catalog.insert(Trigger { definition, ..Trigger::new(head) }.into());
    Some(())
}

/// Shadow tables are the module's: <https://sqlite.org/vtab.html#the_xshadowname_method>.
pub fn virtual_table(reading: &mut Reading, entry: &Entry) -> Option<()> {
    let module = module(&entry.text)?;
    // SQLite hands the arguments to the module as they are written; only the white space between them is nobody's, and the
    // modules that are built in compare names as SQLite does.
    let tokens = tokens(&entry.text);
    let arguments = match tokens.iter().position(|t| t.is("(")) {
        Some(open) => {
            let end = group_end(&tokens, open)?;
            let text = |part: &[Token]| Some(folded(&entry.text, part)).filter(|t| !t.is_empty());
            split_at_commas(&tokens[open + 1..end - 1]).into_iter().filter_map(text).collect::<Vec<_>>().join(", ")
        }
        None => String::new(),
    };
    let head = Head::new(Id::new(Kind::VirtualTable, [MAIN, &entry.name])).with_text(&entry.text);
    reading.catalog.insert(VirtualTable { module, arguments, ..VirtualTable::new(head) }.into());
    Some(())
}

/// The text from the first to the last token, bare words in small letters, with single spaces where there was white space or
/// a comment.
fn folded(sql: &str, part: &[Token]) -> String {
    let mut out = String::new();
    for (i, token) in part.iter().enumerate() {
        if i > 0 && part[i - 1].end() < token.start && !sql[part[i - 1].end()..token.start].is_empty() {
            out.push(' ');
        }
        match token.kind {
            TokenKind::Word => out.push_str(&token.text.to_ascii_lowercase()),
            _ => out.push_str(token.text),
        }
    }
    out
}

/// The module of a `CREATE VIRTUAL TABLE`.
pub fn module(sql: &str) -> Option<String> {
    let tokens = tokens(sql);
    tokens.get(1).filter(|t| t.is("VIRTUAL"))?;
    let using = tokens.iter().position(|t| t.is("USING"))?;
    tokens.get(using + 1)?.name()
}

/// The table or view that an index or trigger is on, if it is modelled.
fn modelled(reading: &Reading, entry: &Entry) -> Option<Id> {
    let id = reading.relations.get(&entry.on_table)?;
    reading.catalog.contains(id).then(|| id.clone())
}

/// The relations that the tokens name.
fn related<'a>(reading: &'a Reading, tokens: &[Token], own: Option<&'a str>) -> Vec<&'a str> {
    let named = relations(tokens);
    reading.relations.values().map(Id::name).filter(|name| named.has(name)).chain(own).collect()
}

/// The names that can be meant by `"x"`: those of these relations and their columns, not those of all. A string in double
/// quotes may well be the name of a column elsewhere.
fn names(reading: &Reading, tables: &[&str]) -> Names {
    let mut names: Names = tables.iter().copied().collect();
    for table in tables {
        columns_of(reading, table).for_each(|id| names.add(id.name()));
    }
    names
}

/// The relations, and those of their columns that the tokens mention.
fn needs(reading: &Reading, tokens: &[Token], tables: &[&str]) -> Vec<Ref> {
    let ids = tables.iter().filter_map(|t| reading.relations.get(*t));
    ids.map(|id| Ref::normal(id.clone())).chain(columns(reading, tokens, tables)).collect()
}

fn columns(reading: &Reading, tokens: &[Token], tables: &[&str]) -> Vec<Ref> {
    let named = mentioned(tokens);
    // `SELECT *` is a mention of every column: what it gives must still fit what the query does with it when one goes.
    let star = tokens.windows(2).any(|w| w[1].is("*") && w[0].any_of(&["SELECT", "DISTINCT", "ALL", ",", "."]));
    let all = tables.iter().flat_map(|table| columns_of(reading, table));
    all.filter(|id| star || named.has(id.name())).map(|id| Ref::normal(id.clone())).collect()
}

fn columns_of<'a>(reading: &'a Reading, table: &str) -> impl Iterator<Item = &'a Id> {
    let table = table.to_string();
    reading.columns.range((table.clone(), String::new())..).take_while(move |((t, _), _)| *t == table).map(|(_, id)| id)
}
