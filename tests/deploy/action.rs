//! The GitHub Action, run with a stub of `gh`: one comment that is kept, outputs, exit codes.

use super::*;

/// Comments are lines of the file `comments`: a number, and the first line of the text. Each call is noted in `log`.
const GH: &str = r#"#!/bin/sh
echo "$*" | head -1 | cut -c1-90 >> log
case "$*" in
*--paginate*) [ ! -f comments ] || cut -d' ' -f1 comments ;;
*POST*) [ -z "$FORK" ] || exit 1; echo "7 msr" >> comments; for word; do last=$word; done; echo "$last" > body ;;
*PATCH*) for word; do last=$word; done; echo "$last" > body ;;
esac
"#;

fn action(project: &Project, command: &str, more: &[(&str, &str)]) -> Output {
    let url = project.database.url();
    let temp = project.msr.path("temp").display().to_string();
    let output = project.msr.path("output").display().to_string();
    let summary = project.msr.path("summary").display().to_string();
    let mut env = vec![
        ("INPUT_COMMAND", command),
        ("INPUT_DATABASE_URL", url.as_str()),
        ("INPUT_SCHEMA", "schema"),
        ("INPUT_PLANS", "plans"),
        ("INPUT_COMMENT", "true"),
        ("INPUT_REHEARSE", "true"),
        ("INPUT_PHASE", "expand"),
        ("PULL_REQUEST", "12"),
        ("GITHUB_REPOSITORY", "example/app"),
        ("GITHUB_OUTPUT", output.as_str()),
        ("GITHUB_STEP_SUMMARY", summary.as_str()),
        ("RUNNER_TEMP", temp.as_str()),
        ("FORK", ""),
    ];
    env.extend(more);
    project.run(&repository().join("action/run.sh"), &[], &[("gh", GH)], &env)
}

#[test]
fn a_pull_request_has_one_comment() {
    let project = Project::new();
    action(&project, "plan", &[]).expect(0);
    let body = project.msr.read("body");
    assert!(body.starts_with("body=<!-- msr -->\n### msr: 2 to create"), "{body}");
    assert!(body.contains("main.two") && body.contains("Rehearsal"), "{body}");
    action(&project, "plan", &[]).expect(0);
    let log = project.log();
    assert_eq!((log.matches("POST").count(), log.matches("PATCH").count()), (1, 1), "{log}");
    let output = project.msr.read("output");
    assert!(output.contains("changes=true\n") && output.contains("denied=false\n"), "{output}");
    for name in ["plan=", "report=", "sarif="] {
        let line = output.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("{name}: {output}"));
        assert!(Path::new(&line[name.len()..]).is_file(), "{line}");
    }
    assert!(project.msr.read("summary").contains("### msr: 2 to create"));
    let fork = Project::new();
    let said = action(&fork, "plan", &[("FORK", "yes")]).expect(0);
    assert!(said.stdout.contains("::notice::"), "{}", said.said());
}

#[test]
fn what_is_denied_fails_after_the_comment() {
    let project = Project::new();
    action(&project, "migrate", &[]).expect(0);
    assert!(project.has("two"));
    action(&project, "plan", &[]).expect(0);
    assert!(project.msr.read("output").contains("changes=false"));
    project.msr.write("schema/all.sql", "CREATE TABLE one (id integer PRIMARY KEY);\n");
    let denied = action(&project, "plan", &[]).expect(2);
    assert!(denied.stdout.contains("::error"), "annotations: {}", denied.said());
    assert!(project.msr.read("body").contains("Denied"));
    assert!(project.msr.read("output").contains("denied=true"));
    let broken = action(&project, "plan", &[("INPUT_DATABASE_URL", "nonsense://")]);
    assert_eq!(broken.code, 78, "{}", broken.said());
    action(&project, "destroy", &[]).expect(64);
}

/// What `action.yml` hands to the scripts is what they read, and the release has the archive that is fetched.
#[test]
fn its_parts_fit() {
    let read = |name: &str| fs::read_to_string(repository().join(name)).unwrap();
    let (action, run, install) = (read("action.yml"), read("action/run.sh"), read("action/install.sh"));
    for line in action.lines().filter(|l| l.trim_start().starts_with("INPUT_")) {
        let (name, value) = line.trim().split_once(": ").unwrap();
        assert!(run.contains(name), "{name} is not read");
        let input = value.trim_start_matches("${{ inputs.").trim_end_matches(" }}");
        assert!(action.contains(&format!("\n  {input}:\n")), "{input} is no input");
    }
    for word in run.split(|c: char| !c.is_ascii_uppercase() && c != '_').filter(|w| w.starts_with("INPUT_")) {
        assert!(action.contains(&format!("{word}: ")), "{word} is not set");
    }
    let release = read(".github/workflows/release.yml");
    assert!(install.contains("msr-$machine-unknown-linux-musl.tar.gz") && release.contains("msr-$TARGET.tar.gz"));
    assert!(install.contains("SHA256SUMS") && release.contains("> SHA256SUMS"));
}

/// The archive is unpacked only if it is what the release's checksums say.
#[test]
fn an_archive_that_was_changed_is_not_installed() {
    const FETCH: &str = r#"#!/bin/sh
while [ "$1" != --dir ]; do shift; done
mkdir -p in && printf '#!/bin/sh\necho msr 9\n' > in/msr && tar -czf "$2/msr-$(uname -m)-unknown-linux-musl.tar.gz" -C in msr
(cd "$2" && sha256sum msr-* > SHA256SUMS)
[ -z "$CHANGED" ] || for file in "$2"/msr-*; do echo more >> "$file"; done
"#;
    for (changed, code) in [("", 0), ("yes", 1)] {
        let project = Project::new();
        let temp = project.msr.path("temp").display().to_string();
        let path = project.msr.path("path").display().to_string();
        let env = [
            ("MSR_VERSION", "v9"),
            ("MSR_REPOSITORY", "example/msr"),
            ("RUNNER_TEMP", temp.as_str()),
            ("GITHUB_PATH", path.as_str()),
            ("CHANGED", changed),
        ];
        // `command -v` finds the real one, which a stub stands in front of; so the script is told that there is none.
        let script = fs::read_to_string(repository().join("action/install.sh")).unwrap();
        let script = project.msr.write("install.sh", script.replace("command -v msr", "false"));
        let output = project.run(&script, &[], &[("gh", FETCH)], &env);
        assert_eq!(output.code, code, "{}", output.said());
        assert_eq!(project.msr.path("temp/msr-bin/msr").exists(), code == 0);
    }
}

#[test]
fn hooks_before_a_commit_are_msrs() {
    let project = Project::new();
    let text = fs::read_to_string(repository().join(".pre-commit-hooks.yaml")).unwrap();
    let entries: Vec<&str> = text.lines().filter_map(|l| l.trim().strip_prefix("entry: ")).collect();
    assert_eq!(entries.len(), 3);
    project.msr.write("migrations/1.sql", "CREATE TABLE three (id integer);\n");
    for (entry, files) in entries.iter().zip(["migrations/1.sql", "", "plans/*.ron"]) {
        let script = project.msr.write("hook.sh", format!("{entry} {files}\n"));
        project.run(&script, &[], &[], &[("DATABASE_URL", "sqlite::memory:")]).expect(0);
    }
    project.msr.write("plans/broken.ron", "Plan(");
    let script = project.msr.write("hook.sh", format!("{} plans/*.ron\n", entries[2]));
    assert_eq!(project.run(&script, &[], &[], &[]).code, 4);
}
