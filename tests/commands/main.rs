//! The commands of those who look after a database: rehearse, drift, lock, doctor, grants, backup.

#[macro_use]
#[path = "../support/mod.rs"]
mod support;

use support::{Database, Engine, Msr, Output, finish, says, until};

/// The result as json.
fn json(output: &Output) -> serde_json::Value {
    serde_json::from_str(&output.stdout).unwrap_or_else(|e| panic!("{e}: {}", output.said()))
}

const SHOP: &str = "CREATE TABLE customer (id integer PRIMARY KEY, name varchar(40) NOT NULL);\n\
    CREATE TABLE purchase (id integer PRIMARY KEY, customer integer NOT NULL REFERENCES customer (id), sum integer);\n";

/// A database with a shop in it, and a plan in `p.ron` that gives each purchase a note and makes one more table.
fn shop(engine: Engine) -> (Msr, Database) {
    let database = engine.with(SHOP).expect("it loads");
    let msr = Msr::new();
    let new = SHOP.replace("sum integer", "sum integer, note text DEFAULT 'none'")
        + "CREATE TABLE extra (id integer PRIMARY KEY);\n";
    msr.write("new.sql", new);
    msr.on(&database, &["plan", "--schema", "new.sql", "--out", "p.ron"]).expect(0);
    (msr, database)
}

/// A database with two plans applied, and the schema they lead to in `schema/`.
fn applied(engine: Engine, start: &str) -> (Msr, Database) {
    let database = engine.with(start).expect("it loads");
    let msr = Msr::new();
    msr.write("schema/shop.sql", format!("{start}{SHOP}"));
    msr.on(&database, &["plan", "--save", "shop"]).expect(0);
    msr.on(&database, &["migrate", "--yes"]).expect(0);
    msr.write("schema/extra.sql", "CREATE TABLE extra (id integer PRIMARY KEY, a text);");
    msr.on(&database, &["plan", "--save", "extra"]).expect(0);
    msr.on(&database, &["migrate", "--yes"]).expect(0);
    (msr, database)
}

mod backup;
mod doctor;
mod drift;
mod grants;
mod hooks;
mod lock;
mod record;
mod rehearse;
mod tags;
mod traces;
