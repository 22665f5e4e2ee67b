//! Every lint rule on its own examples: `fixtures/lint/<rule>/{base,bad,good}.sql`, and the page that is made of the rules.
//!
//! A file may be another one for an engine: `bad.sqlite.sql`. Its first line can say how it is looked at: `-- lint: plan` is the
//! schema that is planned to, `-- lint: plan online` the same for a table that is in use, `-- lint: in-transaction` a script in a
//! transaction, `-- lint: none` that there is no such example, and why the rule has none is said in [`WITHOUT`]. What is found in
//! the bad one stands in `bad.<engine>.txt`, or for one version in `bad.<engine>.<major>.txt`; `UPDATE_FIXTURES=1` writes it.
//! `msr.toml` are the settings; `live.sql` is run on a database that holds the base, for what only that can tell; `beside.sql` in a
//! session that stays open next to msr.

mod support;

use libtest_mimic::{Arguments, Failed, Trial};
use msr::lint::{docs, rules};
use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::sync::OnceLock;
use support::{Database, Engine, Msr, repository};

/// Rules whose examples no server here could show, or that an engine has no statement for.
const WITHOUT: &[(&str, &str, &str)] = &[
    ("cic-bug-14", "postgres", "needs a server of version 14.0 to 14.3"),
    ("rename-view-function", "sqlite", "SQLite can't rename a view"),
    ("view-columns-changed", "sqlite", "SQLite can't replace a view"),
    ("unnamed-constraint", "sqlite", "SQLite can't add a constraint"),
    ("loses-data", "sqlite", "what SQLite loses is always a table or a column"),
    ("truncate", "sqlite", "SQLite has no TRUNCATE"),
    ("replace-function", "sqlite", "SQLite has no functions"),
];

fn main() {
    let arguments = Arguments::from_args();
    let mut trials = vec![
        Trial::test("every_rule_has_its_examples", every_rule_has_its_examples),
        Trial::test("no_rule_is_named_twice", no_rule_is_named_twice),
        Trial::test("the_page_of_rules_is_up_to_date", the_page_of_rules_is_up_to_date),
    ];
    for rule in rules::all() {
        for engine in Engine::ALL.into_iter().filter(|e| rule.engines.contains(&e.name())) {
            if WITHOUT.iter().any(|(r, e, _)| *r == rule.id && *e == engine.name()) {
                continue;
            }
            for which in ["bad", "good"] {
                let name = format!("{}::{}::{which}", engine.name(), rule.id);
                let case = Case { rule: rule.id, engine, which };
                trials.push(Trial::test(name.clone(), move || case.run(&name)));
            }
        }
    }
    libtest_mimic::run(&arguments, trials).exit();
}

fn folder(rule: &str) -> PathBuf {
    repository().join("fixtures/lint").join(rule)
}

struct Case {
    rule: &'static str,
    engine: Engine,
    which: &'static str,
}

impl Case {
    fn file(&self, name: &str) -> Option<String> {
        let own = folder(self.rule).join(format!("{name}.{}.sql", self.engine.name()));
        let path = if own.exists() { own } else { folder(self.rule).join(format!("{name}.sql")) };
        fs::read_to_string(path).ok()
    }

    fn run(&self, name: &str) -> Result<(), Failed> {
        if let Some(why) = self.engine.missing() {
            support::skip(name, &why);
            return Ok(());
        }
        let text = self.file(self.which).ok_or("there is no such file")?;
        let found = self.found(&text)?;
        let hits = found.iter().filter(|line| line.split(' ').nth(1) == Some(self.rule)).count();
        match self.which {
            "good" if hits > 0 => Err(format!("found in the good example:\n{}", found.join("\n")).into()),
            "bad" if hits == 0 => Err(format!("not found in the bad example:\n{}", found.join("\n")).into()),
            "bad" => self.golden(&(found.join("\n") + "\n")),
            _ => Ok(()),
        }
    }

    fn golden(&self, got: &str) -> Result<(), Failed> {
        let named = |end: String| folder(self.rule).join(format!("bad.{}{end}", self.engine.name()));
        let own = named(format!(".{}.txt", self.engine.major()));
        let path = if own.exists() { own } else { named(".txt".into()) };
        if std::env::var_os("UPDATE_FIXTURES").is_some() {
            return Ok(fs::write(path, got)?);
        }
        // Which statements a server can't run depends on its version, and the goldens are 15's.
        let another = self.engine == Engine::Postgres && self.engine.major() != 15;
        let compared = |text: &str| -> String {
            let lines = text.lines().filter(|line| !another || !line.starts_with("- "));
            lines.map(|line| format!("{line}\n")).collect()
        };
        let (wanted, got) = (compared(&fs::read_to_string(&path).unwrap_or_default()), compared(got));
        if wanted == got {
            return Ok(());
        }
        let diff = similar::TextDiff::from_lines(&wanted, &got);
        Err(format!("{}:\n{}", path.display(), diff.unified_diff().header("is", "should be")).into())
    }

    /// A database of its own with the base, in which `live.sql` has done something worth counting.
    fn live(&self) -> Result<Option<Database>, Failed> {
        let file = |name| fs::read_to_string(folder(self.rule).join(name)).ok();
        let (work, beside) = (file("live.sql"), file("beside.sql"));
        if work.is_none() && beside.is_none() {
            return Ok(None);
        }
        let database = self.engine.fresh();
        database.load(&self.file("base").unwrap_or_default())?;
        if let Some(work) = work {
            database.load(&work)?;
            // Before 15 a process of its own counts, and hears of it a little later.
            if self.engine == Engine::Postgres && self.engine.major() < 15 {
                std::thread::sleep(std::time::Duration::from_secs(1));
            }
        }
        Ok(Some(database))
    }

    /// A session that has run `beside.sql`, and is there until it is dropped.
    fn beside(&self, database: &Database) -> Result<Option<Beside>, Failed> {
        let Ok(work) = fs::read_to_string(folder(self.rule).join("beside.sql")) else { return Ok(None) };
        let mut psql = support::postgres()?.program("psql");
        psql.args(["-X", "-q", "-d", &database.name, "-v", "ON_ERROR_STOP=1"]).env("PGAPPNAME", "beside");
        let mut child = Beside(psql.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?);
        let (input, output) = (child.0.stdin.as_mut().ok_or("stdin")?, child.0.stdout.take().ok_or("stdout")?);
        writeln!(input, "{work}\n\\echo open")?;
        let open = BufReader::new(output).lines().map_while(Result::ok).any(|line| line == "open");
        if open { Ok(Some(child)) } else { Err("beside.sql failed".into()) }
    }

    /// A line a finding: `level rule place what`.
    fn found(&self, text: &str) -> Result<Vec<String>, Failed> {
        let msr = Msr::new();
        msr.write("base.sql", self.file("base").unwrap_or_default());
        msr.write("script.sql", text);
        let live = self.live()?;
        let _beside = live.as_ref().map(|database| self.beside(database)).transpose()?;
        let database = live.as_ref().unwrap_or_else(|| database(self.engine));
        let url = database.url();
        let from = if live.is_some() { url.as_str() } else { "base.sql" };
        let flags = text.lines().next().and_then(|line| line.strip_prefix("-- lint: ")).unwrap_or_default();
        let mut args = vec!["lint", "--format", "json"];
        // What a database has counted is told by the target.
        if live.is_none() || !flags.starts_with("plan") {
            args.extend(["--from", from]);
        }
        match flags {
            "plan" | "plan online" => args.extend(["--schema", "script.sql"]),
            _ => args.push("script.sql"),
        }
        if flags == "in-transaction" {
            args.push("--in-transaction");
        }
        let online = if flags.ends_with("online") { "online = true\n" } else { "" };
        msr.write(
            "msr.toml",
            online.to_string() + &fs::read_to_string(folder(self.rule).join("msr.toml")).unwrap_or_default(),
        );
        let output = msr.on(database, &args);
        if ![0, 2].contains(&output.code) {
            return Err(output.said().into());
        }
        let document: serde_json::Value = serde_json::from_str(&output.stdout)?;
        let report = &document["reports"][0];
        let word = |f: &serde_json::Value, name: &str| f[name].as_str().unwrap_or_default().to_string();
        let line = |f: &serde_json::Value| {
            let place = if f["line"].is_null() {
                format!("step {}", f["step"])
            } else {
                format!("{}:{}", f["line"], f["column"])
            };
            let what = word(f, "what");
            // Another session and another time in each run.
            let what = if rules::is_momentary(&word(f, "rule")) { without_numbers(&what) } else { what };
            format!("{} {} {place} {what}", word(f, "level"), word(f, "rule"))
        };
        let empty = vec![];
        let mut lines: Vec<String> = report["findings"].as_array().unwrap_or(&empty).iter().map(line).collect();
        lines.extend(
            report["notes"]
                .as_array()
                .unwrap_or(&empty)
                .iter()
                .map(|n| format!("- {}", n.as_str().unwrap_or_default())),
        );
        Ok(lines)
    }
}

struct Beside(Child);

impl Drop for Beside {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn without_numbers(text: &str) -> String {
    let words = text.split(' ').map(|word| match word.parse::<u64>() {
        Ok(_) => "N",
        Err(_) => word,
    });
    words.collect::<Vec<_>>().join(" ")
}

/// One for all: nothing is read from it, and nothing done to it.
fn database(engine: Engine) -> &'static Database {
    static ALL: [OnceLock<Database>; 2] = [OnceLock::new(), OnceLock::new()];
    ALL[engine as usize].get_or_init(|| engine.fresh())
}

fn every_rule_has_its_examples() -> Result<(), Failed> {
    let rules: BTreeSet<&str> = rules::all().map(|r| r.id).collect();
    let missing: Vec<&&str> =
        rules.iter().filter(|r| !["bad.sql", "good.sql"].iter().all(|f| folder(r).join(f).exists())).collect();
    if !missing.is_empty() {
        return Err(format!("no bad.sql and good.sql in fixtures/lint: {missing:?}").into());
    }
    let folders = fs::read_dir(repository().join("fixtures/lint"))?;
    let unread: Vec<String> = folders
        .filter_map(|f| Some(f.ok()?.file_name().to_string_lossy().into_owned()))
        .filter(|name| !rules.contains(name.as_str()))
        .collect();
    if unread.is_empty() { Ok(()) } else { Err(format!("no rule is called {unread:?}").into()) }
}

fn no_rule_is_named_twice() -> Result<(), Failed> {
    let mut seen = BTreeSet::new();
    let twice: Vec<&str> = rules::all().map(|r| r.id).filter(|id| !seen.insert(*id)).collect();
    if twice.is_empty() { Ok(()) } else { Err(format!("{twice:?}").into()) }
}

fn the_page_of_rules_is_up_to_date() -> Result<(), Failed> {
    let path = repository().join("docs/lint.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        return Ok(fs::write(path, docs::page())?);
    }
    let page = fs::read_to_string(&path).unwrap_or_default();
    if page == docs::page() {
        Ok(())
    } else {
        Err("docs/lint.md is stale: UPDATE_DOCS=1 cargo test --test lint".into())
    }
}
