//! The index of errors: what people meet often, each with a code that does not change, an explanation, and the ways out.
//!
//! `msr explain CODE` prints an entry, `docs/errors.md` is all of them. A code is never used for something else; one that is no
//! longer reached stays here and says so.

/// One entry of the index.
#[derive(Debug, PartialEq, Eq)]
pub struct Code {
    /// `E` and four digits, of which the first two are the part of msr that it comes from.
    pub id: &'static str,
    /// What is the matter, as a heading.
    pub title: &'static str,
    /// Why msr stops there.
    pub why: &'static str,
    /// What can be done, one way a line.
    pub ways: &'static [&'static str],
}

macro_rules! codes {
    ($($name:ident = $id:literal, $title:literal, $why:literal, [$($way:literal),+ $(,)?];)*) => {
        $(pub const $name: &Code = &Code { id: $id, title: $title, why: $why, ways: &[$($way),+] };)*
        /// All of them, in order.
        pub const ALL: &[&Code] = &[$($name),*];
    };
}

codes! {
    UNKNOWN_KEY = "E0101", "the settings file cannot be read",
        "A key that msr does not know is more often a slip than a wish, and a setting that is silently not there can cost data.",
        ["correct the key: the message names the nearest one that exists", "the keys are described in docs/cli.md"];
    BAD_URL = "E0102", "the database URL has no form that msr knows",
        "The scheme of the URL decides the engine.",
        ["write `postgres://user@host/database`, `sqlite://file.db` or `sqlite:///absolute/file.db`",
         "a password belongs in the environment, in `.pgpass`, or in a file named by `MSR_DATABASE_URL_FILE`"];
    NO_PASSWORD = "E0201", "the server wants a password",
        "None was given in the URL, in the environment or in `.pgpass`, and msr asks nobody for one.",
        ["put it into `PGPASSWORD` or `~/.pgpass`", "name a file that holds the whole URL with `MSR_DATABASE_URL_FILE`"];
    NO_TLS = "E0202", "no connection by TLS",
        "A server on another machine is connected to with verified TLS or not at all, unless the URL says otherwise: without that, whoever \
         stands between could read and change what is sent.",
        ["give the authority's certificate with `sslrootcert=FILE`", "`sslmode=require` encrypts without verifying who answers",
         "`sslmode=disable` does not encrypt, for networks that are trusted"];
    NO_PRIVILEGE = "E0203", "the role may not do this",
        "Nothing was done yet when the server refused.",
        ["`msr doctor` lists what is missing, with the statements that grant it", "`msr grants` writes roles for owner, migration and application"];
    NO_SCRATCH = "E0301", "no scratch database",
        "msr reads the desired schema by loading it into an empty database of the same engine and version, and none of the ways to get one worked.",
        ["grant the role the right: `ALTER ROLE … CREATEDB`", "name a server where databases may be made: `--shadow URL`",
         "install the server programs of the same major version on this machine: msr starts one for itself"];
    DOES_NOT_LOAD = "E0302", "the schema files do not load",
        "The engine refused a statement of the desired schema. The files may come in any order, so a name that is not found is in none of them.",
        ["the message has the place of the first statement that failed; the others often follow from it",
         "an extension that brings a type or a function must be created in the files as well"];
    NO_STATEMENT = "E0303", "the desired schema is empty",
        "To plan for it would be to drop everything, and a folder without SQL is more often the wrong folder.",
        ["name the right one with `--schema`", "if everything is to go, say so with `--allow destructive`"];
    NOT_A_SCHEMA = "E0304", "a statement that is no part of a schema",
        "Schema files say what is there, not what happens; transactions, data, other databases and passwords are not theirs.",
        ["take the statement out of the file; the message says where it belongs"];
    NOT_MODELLED = "E0401", "the schema has objects that msr cannot plan for",
        "msr does not know such objects well enough to compare them, and would pass them over in silence.",
        ["make them by hand and keep them out of the schema files", "leave them to others with `[exclude]` in `msr.toml`"];
    UNPROVED = "E0402", "the plan did not pass its own proof",
        "Before a plan is shown it is run on scratch, there and back. This one did not lead where it should, so it is no plan. That is a fault in msr.",
        ["report it with the two schemas", "change the schema in two steps, with a plan for each"];
    NO_SUCH_NAME = "E0403", "a rename that cannot be",
        "`-- msr:renamed from` names something that is not there, is still wanted, or is another's new name.",
        ["correct the old name", "take the line out once the rename is applied everywhere"];
    ASKS = "E0404", "msr cannot tell how the values are to change",
        "The change can be made in more than one way, and each gives other values.",
        ["write `-- msr:using EXPRESSION` before the column: the message has an example"];
    NO_WAY = "E0405", "the engine has no way to make this change",
        "Neither in place nor by making the object anew without a loss that nobody asked for.",
        ["the message says what can be done instead", "`docs/kinds.md` lists what each engine can change"];
    EDITED = "E0501", "the plan was edited after it was sealed",
        "A plan is applied as it was reviewed; its checksum covers all but the time of its making.",
        ["take the file from version control again", "if the edit is meant and was reviewed: `msr plan --reseal FILE`"];
    NEWER_FORMAT = "E0502", "the plan is of another format",
        "A plan of a newer msr may say things that this one would not do.",
        ["use the msr that made it, or a newer one"];
    NOT_A_PLAN = "E0503", "the file is no plan, or not a whole one",
        "It cannot be read as a plan from beginning to end.",
        ["take the file from version control again: a merge may have left its marks in it", "make the plan anew"];
    STALE = "E0601", "the plan is stale",
        "Objects that the plan touches or depends on are not what they were when it was made, so its steps would do something else than what was reviewed.",
        ["make the plan anew and review it", "`msr drift` shows what changed in the database and was not planned",
         "if the change came by another plan, apply that one first"];
    ELSEWHERE = "E0602", "the plan was made for another database",
        "Engine or major version differ: what a statement locks, and whether it works, would be another matter.",
        ["make the plan on a database of the version that it is applied to"];
    DENIED = "E0603", "the plan does what is denied",
        "Lint denies steps that destroy data or break the application that runs.",
        ["`msr lint PLAN` says why and what to do instead", "if it is meant: `--allow RULE`, or `-- msr:allow RULE reason=\"…\"` in the schema"];
    NO_ANSWER = "E0604", "nobody is there to answer",
        "The command asks before it changes a database, and there is no terminal.",
        ["in scripts and pipelines: `--yes`"];
    LOCKED = "E0605", "another run has the lock",
        "One run at a time changes a database; this one waited for `--lock-wait` and gave up. Trying again may help.",
        ["`msr lock status` shows who has it", "`msr lock release` ends a run that hangs"];
    UNKNOWN_OUTCOME = "E0606", "the connection broke at COMMIT",
        "Whether the server did it cannot be told until it answers again.",
        ["`msr list` tells once it does", "running again is safe: msr looks where the database stands"];
    NO_WAY_BACK = "E0607", "the plan cannot be undone",
        "A step of it has no way back, which the plan says since it was made.",
        ["go forward: change the schema files and make a new plan", "restore a backup: `msr restore FILE`"];
    NOT_EXPANDED = "E0608", "the expand phase is not done yet",
        "The contract phase takes away what the expand phase replaces.",
        ["run the plan's expand phase first", "`--phase all` does both, once no old application runs"];
    TWO_HEADS = "E0701", "the history of plans forks",
        "After a merge two plans follow the same one, and neither was made on top of the other.",
        ["`msr plan --rebase FILE` makes one of them anew on top of the other"];
    MISSING_PLAN = "E0702", "a plan follows one that is not there",
        "Each saved plan names the one before it.",
        ["bring the file back from version control", "`msr plan --rebase FILE` makes the plan anew on the newest one"];
    TWO_HISTORIES = "E0703", "the plans and the database tell two histories",
        "What was applied here is not what the folder of plans says.",
        ["`msr list` shows both", "bring the files that were applied back, or go back with `msr down`"];
    PENDING = "E0704", "the database has not got all saved plans yet",
        "A new plan made from it would do the work of the pending ones again.",
        ["`msr migrate` first", "plan on top of them, without the database: `--from plans`"];
}

/// The entry with this code, in any spelling of it: `E0601`, `e601`, `601`.
pub fn named(text: &str) -> Option<&'static Code> {
    let digits = text.trim_start_matches(['E', 'e']);
    let number: u32 = digits.parse().ok().filter(|_| digits.bytes().all(|b| b.is_ascii_digit()))?;
    ALL.iter().find(|code| code.id[1..].parse() == Ok(number)).copied()
}

/// `docs/errors.md`
pub fn page() -> String {
    let mut out = String::from(
        "# Errors\n\nWhat `msr explain CODE` prints. Written by `UPDATE_DOCS=1 tests/run errors` from the index itself \
         (`src/error/code.rs`); a test fails when it is stale.\nWhat scripts rely on are the [exit codes](exit-codes.md); codes stand in \
         messages, and in the field `code` with `--log-format json`.\n",
    );
    for code in ALL {
        out += &format!("\n## {}: {}\n\n{}\n\n", code.id, code.title, code.why);
        code.ways.iter().for_each(|way| out += &format!("- {way}\n"));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_in_order_and_alone() {
        assert!(ALL.windows(2).all(|pair| pair[0].id < pair[1].id), "in order, none twice");
        assert!(ALL.iter().all(|c| c.id.len() == 5 && c.id.starts_with('E')));
        assert_eq!(named("e0601"), Some(STALE));
        assert_eq!(named("601"), Some(STALE));
        assert_eq!(named("E9999"), None);
        assert_eq!(named("-601"), None);
    }
}
