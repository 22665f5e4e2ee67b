//! Declarative plan and apply for relational schemas.
//!
//! People keep the schema they want in `schema/*.sql`. msr compares it with a database, plans what must change, proves the
//! plan on a scratch copy, and applies exactly that plan, or refuses.
//!
//! # The map
//!
//! Data flows one way:
//!
//! ```text
//! schema/*.sql ─ source ─ scratch ─▶ Catalog ┐
//!                                            ├ diff ▶ [Delta] ─ plan ─▶ Plan ▶ plans/*.ron ─ apply ─▶ database
//! database ───── engine.inspect ───▶ Catalog ┘
//! ```
//!
//! - [`model`]: what a schema is. Every addressable thing (a column, a key, a check, a comment) is an object of its own; all
//!   that the rest of msr sees of it is `attrs()` and `refs()`.
//! - [`diff`]: what differs between two catalogs, at that grain.
//! - [`engine`]: what differs between databases: how to connect, read the catalog, and say things in SQL. What an engine knows
//!   of a kind is one record ([`engine::how::KindRule`]); what it answers is a [`engine::how::How`].
//! - [`source`]: desired SQL: files, statements with their places, hints, the order to load them in.
//! - [`plan`]: the pipeline from deltas to a proved plan, and the plan file.
//! - [`lint`]: what a plan or a script does to a running application: rules as records over events, levels, findings.
//! - [`apply`]: does what a plan says: observes, acts, writes the journal; goes back down.
//! - [`drift`]: what a database is besides what it should be.
//! - [`rehearse`]: tries a plan on a copy, with a look at each step.
//! - [`render`]: plans, catalogs and lists for people and machines.
//! - [`embed`] and [`testing`]: all of it for programs, and databases for their tests.
//! - [`settings`]: flags, environment, `msr.toml`, each value with its origin.
//!
//! # Decisions that the rest follows from
//!
//! 1. **The engine is the only parser that counts.** Desired SQL is loaded into a scratch database of the same engine and
//!    version and read back by the same queries that read the target, so both sides are canonical.
//! 2. **One grain, generic diff, rules as data.** A drop and a create in place of an alter (`How::Replace`) reaches exactly
//!    what hangs on the object, found by the engine's own dependency catalog.
//! 3. **A plan is proved before it is shown**: run forward and back on scratch, where locks, rewrites and scans are observed.
//! 4. **Down is derived**: the inverse deltas go through the same rules, between the states directly after and before a step.
//! 5. **The catalog is the checkpoint.** Each batch knows the objects that it touches, before and after; a second run looks
//!    where the database stands and goes on from there. There is no dirty flag and no repair command.
//!
//! # Invariants
//!
//! `model` holds no SQL and no engine's name in code · `diff` matches on no kind · `plan::order` knows neither kind nor
//! engine · `apply` never diffs: it does what the plan says or refuses · only the binary prints or exits · no unordered map
//! reaches output · `lint` reads no generated SQL · what is not modelled is reported, never dropped · what is not msr's to manage (extension-owned objects, its
//! own journal, undeclared grants and owners) is left alone, and comes back with what must be created again · generated SQL is
//! schema-qualified, runs under `search_path = pg_catalog`, and never uses IF \[NOT\] EXISTS as a crutch · what is written to
//! disk has types of its own in [`plan::file`].
//!
//! # Where to add what
//!
//! - **A kind of object:** a file and a line in `model/kinds/`; in each engine that has it a query and a `KindRule`; a folder
//!   in `fixtures/`. A test names every attribute without an answer.
//! - **An engine:** a folder in `engine/` with the same file names, and a line in [`engine::ENGINES`].
//! - **A lint rule:** a record in `lint/rules/`, a folder in `fixtures/lint/` with `bad.sql` and `good.sql`; if it asks what no
//!   event says yet, a trait in `lint/event.rs` and where it is found (`lint/facts.rs`, `lint/text/`).
//! - **A question to rows** that are there before a change: a line and a function in an engine's `probes.rs`, a folder in
//!   `fixtures/data/`.
//! - **A recipe** that spares an old application: rungs with a phase (`engine::how::Rung`), as in `engine/postgres/rules/`
//!   `parking.rs`, `filling.rs`, `retyping.rs`, `shims.rs`; a folder in `fixtures/expand/` and the statements of both
//!   applications in `tests/compat.rs`.
//! - **A case:** a folder in `fixtures/` with `old.sql` and `new.sql`; `UPDATE_FIXTURES=1` writes what is expected.

pub mod apply;
pub mod diff;
pub mod drift;
pub mod embed;
pub mod engine;
pub mod error;
pub mod lint;
pub mod model;
pub mod plan;
pub mod rehearse;
pub mod render;
pub mod settings;
pub mod source;
pub mod testing;

pub use error::{Error, Failure, Result, SqlError};

/// The page for programs, whose examples are run.
#[cfg(doctest)]
#[doc = include_str!("../docs/embedding.md")]
struct Embedding;
