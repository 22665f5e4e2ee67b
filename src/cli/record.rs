//! The record of a run for machines: events as JSON lines on standard output, and numbers in a file.

use super::context::{Context, Format};
use super::output;
use msr::apply::{Event, Outcome, Report, Turn};
use msr::{Error, Result};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Of the events; a new field does not change it, a field that means something else does.
const FORMAT: u32 = 1;

pub struct Record {
    command: &'static str,
    json: bool,
    metrics: Option<PathBuf>,
    /// Tells the runs apart.
    run: String,
    begun: Instant,
    steps: u64,
    batches: u64,
    retries: u64,
    waited: Duration,
}

impl Record {
    pub fn new(command: &'static str, metrics: Option<PathBuf>) -> Record {
        Record {
            command,
            json: false,
            metrics,
            run: msr::apply::run_id(),
            begun: Instant::now(),
            steps: 0,
            batches: 0,
            retries: 0,
            waited: Duration::ZERO,
        }
    }

    /// The name of the run.
    pub fn run(&self) -> &str {
        &self.run
    }

    /// Of a command whose result can be written as events.
    pub fn in_format_of(&mut self, context: &Context, database: &str) -> Result<()> {
        self.json = context.format(&[Format::Human, Format::Json])? == Format::Json;
        let version = env!("CARGO_PKG_VERSION");
        self.line(
            json!({ "event": "begin", "format": FORMAT, "msr": version, "command": self.command, "database": database }),
        )
    }

    pub fn event(&mut self, event: &Event) {
        match event {
            Event::StepDone { .. } => self.steps += 1,
            Event::Batch(_) => self.batches += 1,
            Event::Retry { .. } => self.retries += 1,
            Event::Waiting { waited } => self.waited = *waited,
            _ => {}
        }
        if self.json {
            // Whoever read has gone: the work goes on.
            let _ = self.line(told(event));
        }
    }

    /// What the run came to, plan by plan, as people or machines read it.
    pub fn result(&self, reports: &[Report], told: impl Fn(&Report) -> String) -> Result<()> {
        if !self.json {
            return output::result(&reports.iter().map(told).collect::<String>());
        }
        for report in reports {
            self.line(json!({
                "event": "plan", "version": report.version, "name": report.name, "outcome": outcome(report.outcome),
                "steps": report.steps, "batches": report.batches, "millis": report.millis, "notes": report.notes,
            }))?;
        }
        Ok(())
    }

    /// The last event, and the numbers.
    pub fn end(&self, error: Option<&Error>) -> Result<()> {
        let code = error.map_or(0, |e| e.failure.exit_code());
        let why = error.map(|e| e.message.as_str());
        self.line(json!({ "event": "end", "exit_code": code, "error": why, "millis": self.millis() }))?;
        let Some(path) = &self.metrics else { return Ok(()) };
        self.write(path, code)
            .map_err(|e| Error::failed(format!("cannot write the metrics to `{}`: {e}", path.display())))
    }

    fn line(&self, mut event: Value) -> Result<()> {
        if !self.json {
            return Ok(());
        }
        event["run"] = self.run.clone().into();
        event["at"] = jiff::Timestamp::now().to_string().into();
        output::result(&format!("{event}\n"))
    }

    fn millis(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Name, unit of CloudWatch's, what it is, value.
    fn numbers(&self, code: u8) -> [(&'static str, &'static str, &'static str, f64); 7] {
        let seconds = self.begun.elapsed().as_secs_f64();
        [
            ("success", "Count", "Whether the run ended well.", f64::from(u8::from(code == 0))),
            ("exit_code", "None", "How msr exited.", f64::from(code)),
            ("duration_seconds", "Seconds", "How long the run took.", (seconds * 1000.0).round() / 1000.0),
            ("steps", "Count", "Steps that the run did.", self.steps as f64),
            ("batches", "Count", "Batches that the run committed.", self.batches as f64),
            ("retries", "Count", "Attempts that did not get their locks.", self.retries as f64),
            ("lock_wait_seconds", "Seconds", "How long the run waited for another one.", self.waited.as_secs_f64()),
        ]
    }

    /// `.json` gets a line in CloudWatch's embedded format
    /// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>),
    /// everything else is Prometheus' text for the textfile collector, put in place at once.
    fn write(&self, path: &Path, code: u8) -> std::io::Result<()> {
        if path.extension().is_some_and(|e| e == "json") {
            let mut file = std::fs::OpenOptions::new().create(true).append(true).open(path)?;
            return writeln!(file, "{}", self.embedded(code));
        }
        let beside = path.with_extension(format!("tmp{}", std::process::id()));
        std::fs::write(&beside, self.prometheus(code))?;
        std::fs::rename(beside, path)
    }

    fn embedded(&self, code: u8) -> Value {
        let numbers = self.numbers(code);
        let metrics: Vec<Value> =
            numbers.iter().map(|(name, unit, ..)| json!({ "Name": name, "Unit": unit })).collect();
        let mut line = json!({
            "_aws": {
                "Timestamp": jiff::Timestamp::now().as_millisecond(),
                "CloudWatchMetrics": [{ "Namespace": "msr", "Dimensions": [["command"]], "Metrics": metrics }],
            },
            "command": self.command, "run": self.run,
        });
        for (name, _, _, value) in numbers {
            line[name] = value.into();
        }
        line
    }

    fn prometheus(&self, code: u8) -> String {
        let mut text = String::new();
        let mut say = |name: &str, help: &str, value: f64| {
            let _ = writeln!(
                text,
                "# HELP msr_{name} {help}\n# TYPE msr_{name} gauge\nmsr_{name}{{command=\"{}\"}} {value}",
                self.command
            );
        };
        for (name, _, help, value) in self.numbers(code) {
            say(name, help, value);
        }
        say("finished_timestamp_seconds", "When the run ended.", jiff::Timestamp::now().as_second() as f64);
        text
    }
}

fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Already => "nothing to do",
        Outcome::Applied => "applied",
        Outcome::Expanded => "expanded",
        Outcome::Undone => "undone",
    }
}

fn told(event: &Event) -> Value {
    let millis = |time: &Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    match event {
        Event::Waiting { waited } => json!({ "event": "waiting", "millis": millis(waited) }),
        Event::Resumes { done, of } => json!({ "event": "resumes", "batches": done, "of": of }),
        Event::Step { step, of, subject, back } => {
            json!({ "event": "step", "step": step, "of": of, "subject": subject.to_string(), "back": back })
        }
        Event::StepDone { step, millis } => json!({ "event": "step done", "step": step, "millis": millis }),
        Event::Filling { rows, of } => json!({ "event": "filling", "rows": rows, "of": of }),
        Event::Lagging { behind } => json!({ "event": "lagging", "millis": millis(behind) }),
        Event::Begins(Turn { plan, batch, of, back }) => {
            json!({ "event": "batch begins", "plan": plan, "batch": batch, "of": of, "back": back })
        }
        Event::Batch(Turn { plan, batch, of, back }) => {
            json!({ "event": "batch", "plan": plan, "batch": batch, "of": of, "back": back })
        }
        Event::Retry { attempt, why, wait, blockers } => {
            let blockers: Vec<String> = blockers.iter().map(ToString::to_string).collect();
            json!({ "event": "retry", "attempt": attempt, "why": why, "wait_millis": millis(wait), "blockers": blockers })
        }
        Event::Reconnected => json!({ "event": "reconnected" }),
        Event::Checking => json!({ "event": "checking" }),
        Event::Note(text) => json!({ "event": "note", "text": text }),
    }
}
