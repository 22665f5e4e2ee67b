//! The examples of `docs/deploy`: they parse, their scripts run against stubs of the platforms' commands with the real msr,
//! and the pages show what the tests ran.

#[path = "../support/mod.rs"]
mod support;

mod action;
mod schemas;
mod services;

use saphyr::LoadableYamlNode as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use support::{Engine, Msr, Output, repository};

/// Every file of an example, of `fixtures/deploy/PLATFORM` and the folders in it.
fn examples() -> Vec<PathBuf> {
    fn below(folder: &Path, all: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()) {
            if entry.is_dir() { below(&entry, all) } else { all.push(entry) }
        }
    }
    let mut all = vec![];
    below(&repository().join("fixtures/deploy"), &mut all);
    all.sort();
    all
}

fn platform(file: &Path) -> String {
    let below = file.strip_prefix(repository().join("fixtures/deploy")).unwrap();
    below.iter().next().unwrap().to_string_lossy().into_owned()
}

#[test]
fn pages_show_the_examples() {
    for file in examples() {
        let platform = platform(&file);
        let page = fs::read_to_string(repository().join(format!("docs/deploy/{platform}.md"))).unwrap();
        let text = fs::read_to_string(&file).unwrap();
        assert!(page.contains(text.trim_end()), "docs/deploy/{platform}.md does not show {}", file.display());
        let table = fs::read_to_string(repository().join("docs/deploy/README.md")).unwrap();
        assert!(table.contains(&format!("({platform}.md)")), "docs/deploy/README.md does not name {platform}");
    }
}

#[test]
fn what_is_yaml_or_json_parses() {
    let usual = [".github/workflows/release.yml", "action.yml", ".pre-commit-hooks.yaml"].map(|f| repository().join(f));
    for file in examples().into_iter().chain(usual) {
        // Helm's are no YAML before they are rendered.
        if file.parent().is_some_and(|folder| folder.ends_with("templates")) {
            continue;
        }
        let text = fs::read_to_string(&file).unwrap();
        match file.extension().and_then(|e| e.to_str()) {
            Some("json") => {
                drop(serde_json::from_str::<serde_json::Value>(&text).unwrap_or_else(|e| panic!("{file:?}: {e}")))
            }
            Some("yaml" | "yml") => {
                drop(saphyr::Yaml::load_from_str(&text).unwrap_or_else(|e| panic!("{file:?}: {e}")))
            }
            _ => {}
        }
    }
}

/// A project with two saved plans, and a folder that stands first on PATH.
struct Project {
    msr: Msr,
    database: support::Database,
}

impl Project {
    fn new() -> Project {
        let (msr, database) = (Msr::new(), Engine::Sqlite.fresh());
        let project = Project { msr, database };
        project.plan("one", "CREATE TABLE one (id integer PRIMARY KEY);\n");
        project.plan("two", "CREATE TABLE one (id integer PRIMARY KEY);\nCREATE TABLE two (id integer);\n");
        project
    }

    fn plan(&self, name: &str, schema: &str) {
        self.msr.write("schema/all.sql", schema);
        let first = !self.msr.path("plans").exists();
        let from: &[&str] = if first { &[] } else { &["--from", "plans"] };
        self.msr.on(&self.database, &[&["plan", "--save", name], from].concat()).expect(0);
    }

    /// Runs the script of an example with these stubs of the platform's commands, which may call `msr`.
    fn script(&self, example: &str, stubs: &[(&str, &str)], env: &[(&str, &str)]) -> Output {
        self.run(&repository().join("fixtures/deploy").join(example), &[], stubs, env)
    }

    fn run(&self, script: &Path, arguments: &[&str], stubs: &[(&str, &str)], env: &[(&str, &str)]) -> Output {
        let bin = self.msr.path("bin");
        let mine = self.msr.command(&[]).get_program().to_os_string();
        let exec = format!("#!/bin/sh\nexec {} \"$@\"\n", Path::new(&mine).display());
        for (name, text) in stubs.iter().copied().chain([("msr", exec.as_str())]) {
            let path = self.msr.write(&format!("bin/{name}"), text);
            Command::new("chmod").arg("755").arg(path).status().unwrap();
        }
        let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap_or_default());
        let mut command = Command::new("bash");
        command
            .arg(script)
            .args(arguments)
            .current_dir(self.msr.path(""))
            .env("PATH", path)
            .env_remove("MSR_DATABASE_URL");
        command.envs(env.iter().copied());
        let output = command.output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Output { code: output.status.code().unwrap_or(-1), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    fn log(&self) -> String {
        fs::read_to_string(self.msr.path("log")).unwrap_or_default()
    }

    fn has(&self, table: &str) -> bool {
        self.database.dump().keys().any(|key| key.ends_with(table))
    }
}

#[test]
fn heroku() {
    let project = Project::new();
    let url = project.database.url();
    for _ in 0..2 {
        let output = project.script("heroku/release.sh", &[], &[("DATABASE_URL", &url)]).expect(0);
        assert!(output.stdout.contains("two"), "{}", output.said());
    }
    assert!(project.has("two"));
    let wrong =
        project.script("heroku/release.sh", &[], &[("DATABASE_URL", &url), ("MIGRATION_DATABASE_URL", "nonsense://")]);
    assert_eq!(wrong.code, 78, "the second credential comes first: {}", wrong.said());
}

/// `run-task` runs msr and keeps its exit code for `describe-tasks`.
const AWS: &str = r#"#!/bin/sh
echo "$2" >> log
case "$2" in
run-task) if [ -n "$FAIL_WITH" ]; then echo "$FAIL_WITH" > code; else msr migrate --yes --log-format json > out 2>&1; echo $? > code; fi; echo arn:task ;;
describe-tasks) cat code ;;
esac
"#;

#[test]
fn ecs() {
    let sleep = ("sleep", "#!/bin/sh\n");
    let run = |fail: &str| {
        let project = Project::new();
        let url = project.database.url();
        let env = [
            ("MIGRATION_DATABASE_URL", url.as_str()),
            ("FAIL_WITH", fail),
            ("CLUSTER", "c"),
            ("SUBNETS", "s"),
            ("SECURITY_GROUPS", "g"),
            ("SERVICE", "app"),
        ];
        let output = project.script("ecs/deploy.sh", &[("aws", AWS), sleep], &env);
        (output.code, project.log(), project.has("two"))
    };
    let (code, log, done) = run("");
    assert_eq!((code, done), (0, true), "{log}");
    assert!(log.ends_with("update-service\n"), "{log}");
    let (code, log, _) = run("4");
    assert_eq!(code, 1);
    assert!(!log.contains("update-service") && log.matches("run-task").count() == 1, "no retry on 4: {log}");
    let (code, log, _) = run("3");
    assert_eq!(code, 1);
    assert_eq!(log.matches("run-task").count(), 3, "three tries on 3: {log}");
}

/// `--execute-now --wait` runs msr with the job's arguments.
const GCLOUD: &str = r#"#!/bin/sh
echo "$1 $2 $3" >> log
[ "$2" = jobs ] || exit 0
for word in "$@"; do case "$word" in --args=*) msr $(echo "${word#--args=}" | tr ',' ' ') || exit 1 ;; esac; done
"#;

#[test]
fn cloud_run() {
    let project = Project::new();
    let url = project.database.url();
    let env =
        [("MIGRATION_DATABASE_URL", url.as_str()), ("REGION", "r"), ("MIGRATIONS_IMAGE", "m"), ("APP_IMAGE", "a")];
    project.script("cloud-run/deploy.sh", &[("gcloud", GCLOUD)], &env).expect(0);
    assert!(project.has("two") && project.log() == "run jobs update\nrun services update\n", "{}", project.log());
    let broken = [("MIGRATION_DATABASE_URL", "nonsense://"), env[1], env[2], env[3]];
    let output = project.script("cloud-run/deploy.sh", &[("gcloud", GCLOUD)], &broken);
    assert_ne!(output.code, 0);
    assert_eq!(project.log().matches("services").count(), 1, "the service stays as it is when the job fails");
}

/// The condition named in `ENDS` comes true, the other one never does.
const KUBECTL: &str = r#"#!/bin/sh
echo "$1 $2 $3" >> log
case "$*" in
"wait --for=condition=$ENDS "*) exit 0 ;;
wait*) exec sleep 600 ;;
esac
"#;

#[test]
fn kubernetes() {
    for (ends, code) in [("complete", 0), ("failed", 1)] {
        let project = Project::new();
        let output = project.script("kubernetes/deploy.sh", &[("kubectl", KUBECTL)], &[("ENDS", ends)]);
        assert_eq!(output.code, code, "{ends}: {}", output.said());
        let rolled_out = project.log().contains("apply -f init-container.yaml");
        assert_eq!(rolled_out, code == 0, "{}", project.log());
    }
}

/// Every `msr …` that an example or a page runs is one that msr takes.
#[test]
fn commands_are_msrs() {
    let project = Project::new();
    let on = |args: &[&str]| project.msr.on(&project.database, args);
    on(&["validate"]).expect(0);
    on(&["migrate", "--yes", "--lock-wait", "10m"]).expect(0);
    on(&["migrate", "--yes", "--phase", "all"]).expect(0);
    on(&["migrate", "--yes", "--log-format", "json"]).expect(0);
    on(&["plan", "--detailed-exitcode"]).expect(0);
    let plans: Vec<String> =
        fs::read_dir(project.msr.path("plans")).unwrap().map(|e| e.unwrap().path().display().to_string()).collect();
    for format in ["sarif", "gitlab"] {
        let mut args = vec!["lint"];
        args.extend(plans.iter().map(String::as_str));
        args.extend(["--format", format]);
        let output = on(&args);
        serde_json::from_str::<serde_json::Value>(&output.stdout)
            .unwrap_or_else(|e| panic!("{format}: {e}: {}", output.said()));
    }
    on(&["status", "--at-least", "202001010000"]).expect(0);
}
