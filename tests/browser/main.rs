//! The report of a plan in a real browser: what `look.mjs` saw is judged here. Pictures are left in `target/tmp/browser`.

#[macro_use]
#[path = "../support/mod.rs"]
mod support;

use std::path::PathBuf;
use std::process::Command;
use support::{Engine, Msr, repository, skip};

/// Chromium, if node and what `npm ci` brings are here as well.
fn browser() -> Result<PathBuf, String> {
    if !Command::new("node").arg("--version").output().is_ok_and(|o| o.status.success()) {
        return Err("node is not installed".into());
    }
    if !repository().join("tests/browser/node_modules/axe-core").is_dir() {
        return Err("`npm ci` was not run in tests/browser".into());
    }
    let named = std::env::var_os("MSR_TEST_CHROMIUM").map(PathBuf::from);
    let folders = std::env::var("PATH").unwrap_or_default();
    let found = ["chromium", "chromium-browser", "google-chrome"]
        .iter()
        .flat_map(|name| std::env::split_paths(&folders).map(move |folder| folder.join(name)));
    named.into_iter().chain(found).find(|path| path.is_file()).ok_or("chromium is not installed".into())
}

/// What the browser saw of the page.
fn look(name: &str, page: &str) -> Option<serde_json::Value> {
    let chromium = match browser() {
        Ok(path) => path,
        Err(why) => {
            skip(name, &why);
            return None;
        }
    };
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("browser").join(name);
    std::fs::create_dir_all(&folder).expect("a folder");
    let file = folder.join("page.html");
    std::fs::write(&file, page).expect("a page");
    let mut command = Command::new("node");
    command.arg(repository().join("tests/browser/look.mjs")).args([&file, &folder, &chromium]);
    let output = command.output().expect("node runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    Some(serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {said}")))
}

/// What holds of every page: nothing is fetched or run, nobody is shut out, it fits a phone.
fn sound(saw: &serde_json::Value) {
    assert_eq!(saw["dialogs"], 0, "{saw:#}");
    assert_eq!(saw["errors"], serde_json::json!([]), "{saw:#}");
    assert_eq!(saw["requests"], serde_json::json!([]), "{saw:#}");
    let looks = saw["looks"].as_array().expect("looks");
    assert_eq!(looks.len(), 4);
    for look in looks {
        assert_eq!(look["violations"], serde_json::json!([]), "{look:#}");
        assert!(look["wider"].as_i64().is_some_and(|by| by <= 0), "wider than the screen: {look:#}");
    }
    assert_ne!(looks[0]["ground"], looks[2]["ground"], "dark is not light");
    let graph = &saw["graph"];
    for bad in ["outside", "overlaps", "texts_cut", "dead_links"] {
        assert_eq!(graph[bad], 0, "{bad}: {graph:#}");
    }
    assert_eq!(saw["keyboard"]["skip"], "skip", "{saw:#}");
    assert!(saw["keyboard"]["hash"].as_str().is_some_and(|hash| hash.starts_with("#step-")), "{saw:#}");
    assert_eq!(saw["without_script"]["filter_is_hidden"], true, "{saw:#}");
}

const OLD: &str = "
CREATE TABLE customers (id bigint PRIMARY KEY, name text NOT NULL, email varchar(100), note text);
CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint NOT NULL REFERENCES customers, total integer, status text, legacy text);
CREATE INDEX orders_status ON orders (status);
CREATE VIEW active AS SELECT id, customer_id, total FROM orders WHERE status = 'active';
";

const NEW: &str = "
CREATE TABLE customers (id bigint PRIMARY KEY, name text NOT NULL, email varchar(200) NOT NULL UNIQUE, tier text NOT NULL DEFAULT 'basic' CHECK (tier IN ('basic', 'gold')));
CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint NOT NULL REFERENCES customers ON DELETE CASCADE, total bigint, status text NOT NULL, placed timestamptz);
CREATE TABLE items (order_id bigint REFERENCES orders, line bigint, sku text NOT NULL, PRIMARY KEY (order_id, line));
CREATE INDEX orders_status ON orders (status, placed);
CREATE VIEW active AS SELECT id, customer_id, total, placed FROM orders WHERE status IN ('active', 'paid');
";

#[test]
fn a_page_with_a_rehearsal_on_postgres() {
    needs!(Engine::Postgres);
    let database = Engine::Postgres.with(OLD).expect("it loads");
    let msr = Msr::new();
    msr.write("new.sql", NEW);
    let on = |args: &[&str]| msr.on(&database, args).expect(0);
    on(&["plan", "--schema", "new.sql", "--online", "true", "--out", "p.ron"]);
    on(&["rehearse", "p.ron", "--rows", "100", "--report", "r.json"]);
    let page = on(&["show", "p.ron", "--format", "html", "--rehearsal", "r.json"]).stdout;
    assert!(page.contains("Rehearsed in") && page.contains("class=\"lock heavy\""), "locks and times");
    let plan: serde_json::Value =
        serde_json::from_str(&on(&["show", "p.ron", "--format", "json"]).stdout).expect("json");
    let steps: Vec<&serde_json::Value> = plan["batches"]
        .as_array()
        .expect("batches")
        .iter()
        .flat_map(|b| b["steps"].as_array().expect("steps"))
        .collect();
    let of = |level: &str| {
        let all = steps.iter().flat_map(|s| s["findings"].as_array().expect("findings"));
        all.filter(|f| f["level"] == level).count()
    };
    let Some(saw) = look("rehearsal", &page) else { return };
    sound(&saw);
    assert_eq!(saw["graph"]["boxes"], steps.len());
    assert!(saw["graph"]["lines"].as_i64().is_some_and(|lines| lines > 5), "{saw:#}");
    let (filter, all) = (&saw["filter"], of("deny") + of("warn") + of("note"));
    assert!(of("deny") > 0 && of("warn") > 0, "{plan:#}");
    assert_eq!(filter["all"], all, "{filter:#}");
    assert_eq!(filter["without_deny"], all - of("deny"), "{filter:#}");
    assert_eq!(filter["without_warn"], all - of("warn"), "{filter:#}");
    assert!(filter["one_rule"].as_u64().is_some_and(|n| n > 0 && (n as usize) < all), "{filter:#}");
    assert_eq!(filter["no_words"], 0);
    assert_eq!(filter["told"], format!("0 of {all} shown"));
    assert_eq!(filter["again"], all, "{filter:#}");
}

/// Names that are markup, a script, a template, or as long as names get.
#[test]
fn a_page_with_names_that_are_markup() {
    needs!(Engine::Sqlite);
    let evil = "<img src=x onerror=alert(1)></script><script>alert(2)</script>{{ 7 * 7 }}";
    let long = "averylongname".repeat(12);
    let database = Engine::Sqlite.fresh();
    let msr = Msr::new();
    msr.write(
        "new.sql",
        format!(
            "CREATE TABLE \"{evil}\" (id integer PRIMARY KEY, \"{evil}\" text CHECK (\"{evil}\" <> '{evil}'));\n\
         CREATE TABLE {long} (id integer PRIMARY KEY, {long} text);\n\
         CREATE INDEX \"i {evil}\" ON {long} ({long});\n\
         CREATE VIEW \"v {evil}\" AS SELECT * FROM \"{evil}\" JOIN {long} USING (id);\n"
        ),
    );
    msr.on(&database, &["plan", "--schema", "new.sql", "--out", "p.ron"]).expect(0);
    let page = msr.run(&["show", "p.ron", "--format", "html"]).expect(0).stdout;
    assert!(!page.contains("<img") && page.contains("&lt;img"), "{page}");
    let Some(saw) = look("markup", &page) else { return };
    sound(&saw);
    assert_eq!(saw["graph"]["boxes"], 4, "{saw:#}");
}

#[test]
fn what_goes_with_which_format_is_said() {
    let msr = Msr::new();
    msr.write("s.sql", "CREATE TABLE t (a integer);");
    let database = Engine::Sqlite.fresh();
    msr.on(&database, &["plan", "--schema", "s.sql", "--out", "p.ron"]).expect(0);
    support::says(&msr.run(&["show", "p.ron", "--rehearsal", "r.json"]).expect(64), &["html"]);
    support::says(&msr.run(&["show", "p.ron", "--format", "html", "--rehearsal", "no.json"]).expect(4), &["no.json"]);
    support::says(&msr.run(&["show", "p.ron", "--format", "html", "--down"]).expect(64), &["human"]);
}
