//! PostgreSQL's own regression database: its test files, run as they are, one after the other, into one database.

use super::{Database, postgres};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// What others of the files lean on, in the order in which they do.
const FIRST: &[&str] = &[
    "test_setup",
    "tablespace",
    "boolean",
    "char",
    "name",
    "varchar",
    "text",
    "int2",
    "int4",
    "int8",
    "oid",
    "float4",
    "float8",
    "bit",
    "numeric",
    "txid",
    "uuid",
    "enum",
    "money",
    "rangetypes",
    "pg_lsn",
    "regproc",
    "strings",
    "md5",
    "numerology",
    "point",
    "lseg",
    "line",
    "box",
    "path",
    "polygon",
    "circle",
    "date",
    "time",
    "timetz",
    "timestamp",
    "timestamptz",
    "interval",
    "inet",
    "macaddr",
    "macaddr8",
    "multirangetypes",
    "geometry",
    "horology",
    "tstypes",
    "regex",
    "create_function_c",
    "create_misc",
    "create_operator",
    "create_procedure",
    "create_table",
    "create_type",
    "create_schema",
    "create_index",
    "create_index_spgist",
    "create_view",
    "index_including",
    "index_including_gist",
    "create_aggregate",
    "create_function_sql",
    "create_cast",
    "constraints",
    "triggers",
    "select",
    "inherit",
    "typed_table",
];

/// The database, and what is to be told of how it came about.
pub fn load(folder: &Path) -> Result<(Database, Vec<String>), String> {
    let server = postgres()?;
    let files = files(folder);
    if files.is_empty() {
        return Err(format!("no .sql files in {}", folder.display()));
    }
    stubs(&files, &server.folder)?;
    // Some files speak of the database by this name.
    server.sql("postgres", "CREATE DATABASE regression TEMPLATE template0")?;
    let mut told = vec![];
    for file in &files {
        let mut psql = server.program("psql");
        psql.args(["-X", "-q", "-d", "regression", "-v", "HIDE_TABLEAM=on", "-v", "HIDE_TOAST_COMPRESSION=on", "-f"]);
        psql.arg(file)
            .current_dir(&server.folder)
            .env("PGTZ", "America/Los_Angeles")
            .env("PGDATESTYLE", "Postgres, MDY");
        psql.env(
            "PGOPTIONS",
            "-c intervalstyle=postgres_verbose -c statement_timeout=10s -c client_min_messages=error",
        );
        for (name, value) in
            [("PG_ABS_SRCDIR", &server.folder), ("PG_ABS_BUILDDIR", &server.folder), ("PG_LIBDIR", &server.folder)]
        {
            psql.env(name, value);
        }
        psql.env("PG_DLSUFFIX", ".so").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let child = psql.spawn().map_err(|e| format!("psql: {e}"))?;
        let name = file.file_stem().unwrap_or_default().display();
        match ends(child, Duration::from_secs(120)) {
            None => told.push(format!("{name} took too long and was cut off")),
            // The connection is gone: some statements crash some servers.
            Some(2) => {
                told.push(format!("{name} was not run to its end: the server went down under it"));
                server.wait();
            }
            Some(_) => {}
        }
    }
    told.push(format!("{} files loaded; data to copy and the C functions of their library are missing", files.len()));
    Ok((Database { engine: super::Engine::Postgres, name: "regression".into(), folder: None }, told))
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let all = super::entries(folder).into_iter().filter(|p| p.extension().is_some_and(|e| e == "sql"));
    let place = |p: &PathBuf| {
        let name = p.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        (FIRST.iter().position(|f| *f == name).unwrap_or(FIRST.len()), name)
    };
    let mut all: Vec<PathBuf> = all.collect();
    all.sort_by_key(place);
    all
}

/// How it ended, if it did in time.
fn ends(mut child: Child, limit: Duration) -> Option<i32> {
    let begun = Instant::now();
    while begun.elapsed() < limit {
        if let Ok(Some(status)) = child.try_wait() {
            return status.code().or(Some(-1));
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    let _ = child.kill();
    let _ = child.wait();
    None
}

/// Libraries in which all functions are that the files ask for; each refuses when it is called.
fn stubs(files: &[PathBuf], folder: &Path) -> Result<(), String> {
    let mut names = BTreeSet::new();
    for text in files.iter().map(|file| String::from_utf8_lossy(&fs::read(file).unwrap_or_default()).into_owned()) {
        names.extend(text.split(';').filter_map(symbol));
    }
    let stubs: String = names.iter().map(|name| format!("STUB({name})\n")).collect();
    let source = folder.join("regress.c");
    let magic = super::repository().join("tests/support/label.c");
    let text = format!("#include \"{}\"\n{STUB}{stubs}", magic.display());
    fs::write(&source, text).map_err(|e| format!("{}: {e}", source.display()))?;
    for library in ["regress", "autoinc", "refint"] {
        let out = folder.join(format!("{library}.so"));
        let major = format!("-DMAJOR={}", super::Engine::Postgres.major());
        let made =
            Command::new("cc").args(["-shared", "-fPIC", "-DSTUBS", &major, "-o"]).arg(&out).arg(&source).status();
        if !made.is_ok_and(|status| status.success()) {
            return Err("the stubs of the C functions do not compile".into());
        }
    }
    Ok(())
}

/// What a function of version 1 is told by, and an error: <https://www.postgresql.org/docs/current/xfunc-c.html>.
const STUB: &str = "\
extern char errstart(int level, const char *domain);
extern int errmsg(const char *format, ...);
extern void errfinish(const char *file, int line, const char *function);
struct info { int version; };
static void *refuse(void) { errstart(MAJOR >= 14 ? 21 : 20, 0); errmsg(\"a stub\"); errfinish(\"\", 0, \"\"); return 0; }
#define STUB(f) \\
    const struct info *pg_finfo_##f(void) { static const struct info i = { 1 }; return &i; } \\
    void *f(void *call) { (void)call; return refuse(); }
";

/// The C function that a CREATE FUNCTION is about: named after its library, or like the SQL function.
fn symbol(statement: &str) -> Option<String> {
    let libraries = [":'regresslib'", ":'autoinclib'", ":'refintlib'"];
    let (before, after) = libraries.iter().find_map(|l| statement.split_once(l))?;
    let word = |text: &str| -> String { text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect() };
    let named = after.trim_start().strip_prefix(',').and_then(|rest| rest.trim_start().strip_prefix('\'')).map(word);
    let own = || {
        let at = before.to_ascii_uppercase().rfind("FUNCTION ")?;
        let name: String = before[at + 9..].trim_start().chars().take_while(|c| !matches!(c, '(' | ' ')).collect();
        Some(word(name.rsplit('.').next()?))
    };
    // One file asks for what is not there, on purpose.
    named.or_else(own).filter(|name| !name.is_empty() && name != "nosuchsymbol")
}
