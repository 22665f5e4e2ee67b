//! Units of systemd, the Helm chart, Argo CD's job: checked as far as they can be without the service itself.

use super::*;
use saphyr::{LoadableYamlNode, Yaml};

#[test]
fn systemd_takes_the_units() {
    if !Command::new("systemd-analyze").arg("--version").output().is_ok_and(|o| o.status.success()) {
        return support::skip("systemd_takes_the_units", "systemd-analyze is not installed");
    }
    let folder = support::folder();
    let mut command = Command::new("systemd-analyze");
    command.arg("verify");
    for name in ["msr-migrate.service", "app.service"] {
        let text = fs::read_to_string(repository().join("fixtures/deploy/systemd").join(name)).unwrap();
        // The programs must be there, which those of the example are not.
        let text = text.replace("/usr/local/bin/msr", "/bin/true").replace("/srv/app/bin/app", "/bin/true");
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        command.arg(path);
    }
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && !said.contains("msr-migrate") && !said.contains("app.service"), "{said}");
}

/// What Helm would make of a template that only looks up values, quotes them, and leaves parts out.
fn rendered(template: &str, values: &Yaml) -> String {
    let lookup = |path: &str| match path.strip_prefix(".Values.") {
        None => "release".to_string(),
        Some(path) => {
            let value = path.split('.').fold(values, |value, key| &value[key]);
            let text = value.as_str().map(str::to_string).or(value.as_integer().map(|n| n.to_string()));
            text.unwrap_or_else(|| panic!("values.yaml has no {path}"))
        }
    };
    let mut out = String::new();
    for line in template.lines().filter(|line| !line.starts_with("{{-")) {
        let mut rest = line;
        while let Some((before, after)) = rest.split_once("{{ ") {
            let (expression, after) = after.split_once(" }}").expect("an end");
            let value = match expression.split_once(" | ") {
                Some((path, "quote")) => format!("{:?}", lookup(path)),
                Some((_, other)) => panic!("no function `{other}`"),
                None => lookup(expression),
            };
            out += &format!("{before}{value}");
            rest = after;
        }
        out += &format!("{rest}\n");
    }
    out
}

/// The job's containers run what msr takes, and what a retry does not help ends it.
fn is_a_job(job: &Yaml, name: &str) {
    assert_eq!(job["kind"].as_str(), Some("Job"), "{name}");
    let spec = &job["spec"]["template"]["spec"];
    assert_eq!(spec["restartPolicy"].as_str(), Some("Never"), "{name}");
    let args: Vec<&str> = spec["containers"][0]["args"].as_vec().unwrap().iter().filter_map(|a| a.as_str()).collect();
    let project = Project::new();
    project.msr.on(&project.database, &args).expect(0);
    if job["spec"]["backoffLimit"].as_integer() != Some(0) {
        let values = &job["spec"]["podFailurePolicy"]["rules"][0]["onExitCodes"]["values"];
        let codes: Vec<i64> = values.as_vec().unwrap().iter().filter_map(|v| v.as_integer()).collect();
        assert_eq!(codes, [4, 64, 78], "{name}");
        assert_eq!(
            job["spec"]["podFailurePolicy"]["rules"][0]["onExitCodes"]["containerName"].as_str(),
            spec["containers"][0]["name"].as_str(),
            "{name}"
        );
    }
}

#[test]
fn helms_hooks_are_jobs_in_their_order() {
    let folder = repository().join("fixtures/deploy/helm");
    let values = fs::read_to_string(folder.join("values.yaml")).unwrap();
    let values = Yaml::load_from_str(&values).unwrap().remove(0);
    for (name, hook, before) in
        [("migrate.yaml", "pre-install,pre-upgrade", true), ("contract.yaml", "post-upgrade", false)]
    {
        let text = rendered(&fs::read_to_string(folder.join("templates").join(name)).unwrap(), &values);
        let job = Yaml::load_from_str(&text).unwrap_or_else(|e| panic!("{name}: {e}\n{text}")).remove(0);
        is_a_job(&job, name);
        let notes = &job["metadata"]["annotations"];
        assert_eq!(notes["helm.sh/hook"].as_str(), Some(hook));
        let weight: i64 = notes["helm.sh/hook-weight"].as_str().expect("weights are texts").parse().unwrap();
        assert_eq!(weight < 0, before);
    }
}

#[test]
fn argo_cds_job_stands_before_the_sync() {
    let text = fs::read_to_string(repository().join("fixtures/deploy/argo-cd/job.yaml")).unwrap();
    let job = Yaml::load_from_str(&text).unwrap().remove(0);
    is_a_job(&job, "job.yaml");
    assert_eq!(job["metadata"]["annotations"]["argocd.argoproj.io/hook"].as_str(), Some("PreSync"));
}
