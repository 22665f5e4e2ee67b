//! What a run leaves for machines: events, one a line, and numbers in a file.

use crate::support::{Engine, Msr};
use serde_json::Value;

fn events(stdout: &str) -> Vec<Value> {
    stdout.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"))).collect()
}

both!(a_run_is_told_in_events, |engine| {
    let (msr, database) = (Msr::new(), engine.fresh());
    msr.write("s.sql", "CREATE TABLE a (b integer);");
    msr.on(&database, &["plan", "--schema", "s.sql", "--out", "p.ron"]).expect(0);
    let said = msr.on(&database, &["apply", "p.ron", "--yes", "--format", "json"]).expect(0);
    let events = events(&said.stdout);
    let names: Vec<&str> = events.iter().map(|e| e["event"].as_str().expect("an event")).collect();
    assert_eq!((names[0], names[names.len() - 1]), ("begin", "end"), "{names:?}");
    assert_eq!((&events[0]["format"], &events[0]["command"]), (&1.into(), &"apply".into()));
    assert!(["step", "step done", "batch", "plan"].iter().all(|name| names.contains(name)), "{names:?}");
    assert!(events.iter().all(|e| e["run"] == events[0]["run"] && e["at"].is_string()));
    assert_eq!(events[names.len() - 1]["exit_code"], 0);
    let plan = events.iter().find(|e| e["event"] == "plan").expect("the plan");
    assert_eq!((&plan["outcome"], &plan["steps"]), (&"applied".into(), &1.into()));
});

both!(a_run_that_fails_says_so_in_its_last_event, |engine| {
    let (msr, database) = (Msr::new(), engine.with("CREATE TABLE a (b integer);").expect("a database"));
    msr.write("s.sql", "CREATE TABLE a (b integer); CREATE TABLE c (d integer);");
    msr.on(&database, &["plan", "--schema", "s.sql", "--out", "p.ron"]).expect(0);
    database.load("CREATE TABLE c (e text)").expect("another hand");
    let said = msr.on(&database, &["apply", "p.ron", "--yes", "--format", "json", "--metrics", "m.prom"]).expect(4);
    let events = events(&said.stdout);
    let last = events.last().expect("events");
    assert_eq!((&last["event"], &last["exit_code"]), (&"end".into(), &4.into()));
    assert!(last["error"].as_str().expect("why").contains("stale"), "{last}");
    assert!(msr.read("m.prom").contains("msr_success{command=\"apply\"} 0\n"), "{}", msr.read("m.prom"));
});

#[test]
fn numbers_for_prometheus_and_cloudwatch() {
    needs!(Engine::Sqlite);
    let (msr, database) = (Msr::new(), Engine::Sqlite.fresh());
    msr.write("s.sql", "CREATE TABLE a (b integer);");
    msr.on(&database, &["plan", "--schema", "s.sql", "--save", "a"]).expect(0);
    msr.on(&database, &["migrate", "--yes", "--metrics", "m.prom"]).expect(0);
    let text = msr.read("m.prom");
    for line in ["# TYPE msr_success gauge", "msr_success{command=\"migrate\"} 1", "msr_steps{command=\"migrate\"} 1"] {
        assert!(text.lines().any(|l| l == line), "no `{line}` in\n{text}");
    }
    // Each run adds a line.
    msr.on(&database, &["migrate", "--yes", "--metrics", "m.json"]).expect(0);
    msr.on(&database, &["migrate", "--yes", "--metrics", "m.json"]).expect(0);
    let lines = events(&msr.read("m.json"));
    assert_eq!(lines.len(), 2);
    let metrics = lines[0]["_aws"]["CloudWatchMetrics"][0]["Metrics"].as_array().expect("metrics");
    assert!(metrics.iter().all(|m| lines[0][m["Name"].as_str().expect("a name")].is_number()), "{}", lines[0]);
}
