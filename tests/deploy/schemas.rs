//! GitHub's, GitLab's and Compose's files against the schemas that these publish, as the package `check-jsonschema` has them.

use super::*;

const SCHEMAS: &[(&str, &[&str])] = &[
    ("github-actions", &["action.yml"]),
    (
        "github-workflows",
        &[
            ".github/workflows/release.yml",
            "fixtures/deploy/github-action/schema.yml",
            "fixtures/deploy/github-action/release.yml",
            "fixtures/deploy/github-actions/plan.yml",
            "fixtures/deploy/github-actions/deploy.yml",
        ],
    ),
    ("gitlab-ci", &["fixtures/deploy/gitlab/.gitlab-ci.yml", "fixtures/deploy/gitlab/msr.gitlab-ci.yml"]),
    ("compose-spec", &["fixtures/deploy/compose/compose.yaml"]),
];

/// The program: where `tests/run` puts it, or on PATH.
fn checker() -> Option<PathBuf> {
    let own = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("schemas").join("bin/check-jsonschema");
    let runs = |path: &Path| Command::new(path).arg("--version").output().is_ok_and(|o| o.status.success());
    [own, "check-jsonschema".into()].into_iter().find(|path| runs(path))
}

fn check(checker: &Path, schema: &str, files: &[PathBuf]) -> std::process::Output {
    let mut command = Command::new(checker);
    command.args(["--builtin-schema", &format!("vendor.{schema}")]);
    if schema == "gitlab-ci" {
        command.args(["--data-transform", "gitlab-ci"]);
    }
    command.args(files).output().unwrap()
}

#[test]
fn published_schemas_take_the_examples() {
    let Some(checker) = checker() else {
        return support::skip("published_schemas_take_the_examples", "check-jsonschema is not installed");
    };
    let folder = support::folder();
    for (schema, names) in SCHEMAS {
        let files: Vec<PathBuf> = names.iter().map(|name| repository().join(name)).collect();
        let output = check(&checker, schema, &files);
        assert!(output.status.success(), "{schema}: {}", String::from_utf8_lossy(&output.stdout));
        let broken = folder.path().join("broken.yml");
        fs::write(&broken, "jobs: 1\nservices: 1\nruns: 1\nstages: {}\n").unwrap();
        assert!(!check(&checker, schema, &[broken]).status.success(), "{schema} takes anything");
    }
}
