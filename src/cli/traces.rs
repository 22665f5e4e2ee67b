//! Traces of runs for an OpenTelemetry collector: a span for the run, one for each plan, one for each step.
//!
//! The variables are the standard's (<https://opentelemetry.io/docs/specs/otel/protocol/exporter/>), the way is OTLP over HTTP
//! in JSON. Nothing is sent before the work is done, once, for at most [`PATIENCE`]: a collector that is away costs a
//! warning. The SDK would bring some ninety crates for this one request.

use super::post;
use msr::apply::{Event, Tag};
use msr::{Error, Failure};
use serde_json::{Value, json};
use std::hash::{BuildHasher, Hasher};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// For how long a run that has ended stays to deliver its traces.
const PATIENCE: Duration = Duration::from_secs(1);

/// The spans of one run.
pub struct Traces {
    to: post::Address,
    headers: Vec<(String, String)>,
    service: String,
    trace: String,
    /// The span of whoever started msr.
    parent: Option<String>,
    run: Span,
    plan: Option<Span>,
    step: Option<Span>,
    done: Vec<Value>,
}

struct Span {
    id: String,
    name: String,
    begun: u128,
    attributes: Vec<(&'static str, Value)>,
}

impl Span {
    fn begin(name: String, attributes: Vec<(&'static str, Value)>) -> Span {
        Span { id: random(), name, begun: now(), attributes }
    }
}

impl Traces {
    /// `None` where nobody asked for them; an error says why they can't be had.
    pub fn from_environment(command: &str, run: &str, engine: &str) -> Result<Option<Traces>, String> {
        let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let traces = set("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT");
        let of_all = || Some(format!("{}/v1/traces", set("OTEL_EXPORTER_OTLP_ENDPOINT")?.trim_end_matches('/')));
        let Some(endpoint) = traces.or_else(of_all) else { return Ok(None) };
        if set("OTEL_SDK_DISABLED").is_some_and(|value| value.eq_ignore_ascii_case("true")) {
            return Ok(None);
        }
        let protocol = set("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL").or_else(|| set("OTEL_EXPORTER_OTLP_PROTOCOL"));
        if protocol.is_some_and(|p| p == "grpc") {
            return Err("`OTEL_EXPORTER_OTLP_PROTOCOL` is `grpc`, and msr speaks HTTP".into());
        }
        let headers = set("OTEL_EXPORTER_OTLP_TRACES_HEADERS").or_else(|| set("OTEL_EXPORTER_OTLP_HEADERS"));
        let (trace, parent) = match set("TRACEPARENT").as_deref().and_then(parent) {
            Some((trace, span)) => (trace, Some(span)),
            None => (format!("{}{}", random(), random()), None),
        };
        let attributes = vec![("msr.run", run.into()), ("db.system.name", engine.into())];
        Ok(Some(Traces {
            to: post::Address::parse(&endpoint)?,
            headers: headers.map(|text| pairs(&text)).unwrap_or_default(),
            service: set("OTEL_SERVICE_NAME").unwrap_or_else(|| "msr".into()),
            trace,
            parent,
            run: Span::begin(format!("msr {command}"), attributes),
            plan: None,
            step: None,
            done: vec![],
        }))
    }

    /// So that the server's log and the trace find each other.
    pub fn tag(&self, tag: Tag) -> Tag {
        tag.with("traceparent", &format!("00-{}-{}-01", self.trace, self.run.id))
    }

    pub fn event(&mut self, event: &Event) {
        match event {
            Event::Begins(turn) if self.plan.as_ref().is_none_or(|plan| plan.name != turn.plan) => {
                self.end_plan(None);
                self.plan = Some(Span::begin(turn.plan.clone(), vec![("msr.plan", turn.plan.as_str().into())]));
            }
            Event::Step { step, subject, back, .. } => {
                self.end_step(None);
                let what = if *back { "taking back step" } else { "step" };
                let attributes = vec![("msr.step", (*step).into()), ("msr.subject", subject.to_string().into())];
                self.step = Some(Span::begin(format!("{what} {step}: {subject}"), attributes));
            }
            Event::StepDone { .. } => self.end_step(None),
            // What did not get its locks is begun again.
            Event::Retry { why, .. } => self.end_step(Some(why)),
            _ => {}
        }
    }

    fn end_step(&mut self, error: Option<&str>) {
        if let Some(step) = self.step.take() {
            let above = self.plan.as_ref().unwrap_or(&self.run).id.clone();
            self.close(step, Some(above), error);
        }
    }

    fn end_plan(&mut self, error: Option<&str>) {
        self.end_step(error);
        if let Some(plan) = self.plan.take() {
            let above = self.run.id.clone();
            self.close(plan, Some(above), error);
        }
    }

    fn close(&mut self, span: Span, above: Option<String>, error: Option<&str>) {
        let status = error.map_or(json!({ "code": 1 }), |why| json!({ "code": 2, "message": why }));
        self.done.push(json!({
            "traceId": self.trace, "spanId": span.id, "parentSpanId": above.unwrap_or_default(), "name": span.name,
            "kind": 1, "startTimeUnixNano": span.begun.to_string(), "endTimeUnixNano": now().to_string(),
            "attributes": attributes(span.attributes), "status": status,
        }));
    }

    /// Ends all spans and sends them; why they did not arrive.
    pub fn end(mut self, error: Option<&Error>) -> Result<(), String> {
        let why = error.map(|e| e.message.as_str());
        self.end_plan(why);
        let code = error.map_or(0, |e: &Error| Failure::exit_code(e.failure));
        let mut run = std::mem::replace(&mut self.run, Span::begin(String::new(), vec![]));
        run.attributes.push(("process.exit.code", code.into()));
        let parent = self.parent.take();
        self.close(run, parent, why);
        let resource = vec![("service.name", self.service.as_str().into())];
        let body = json!({ "resourceSpans": [{
            "resource": { "attributes": attributes(resource) },
            "scopeSpans": [{ "scope": { "name": "msr", "version": env!("CARGO_PKG_VERSION") }, "spans": self.done }],
        }] });
        post::json(&self.to, &self.headers, &body.to_string(), PATIENCE)
    }
}

fn attributes(pairs: Vec<(&'static str, Value)>) -> Vec<Value> {
    let value = |value: Value| match value {
        Value::Number(n) => json!({ "intValue": n.to_string() }),
        Value::String(text) => json!({ "stringValue": text }),
        other => json!({ "stringValue": other.to_string() }),
    };
    pairs.into_iter().map(|(key, of)| json!({ "key": key, "value": value(of) })).collect()
}

/// Trace and span of <https://www.w3.org/TR/trace-context/#traceparent-header>.
fn parent(text: &str) -> Option<(String, String)> {
    let mut parts = text.split('-').skip(1);
    let (trace, span) = (parts.next()?, parts.next()?);
    let hex = |text: &str, length: usize| {
        text.len() == length && text.bytes().all(|b| b.is_ascii_hexdigit()) && text.bytes().any(|b| b != b'0')
    };
    (hex(trace, 32) && hex(span, 16)).then(|| (trace.to_lowercase(), span.to_lowercase()))
}

/// `name=value,name=value`, the values as in a URL.
fn pairs(text: &str) -> Vec<(String, String)> {
    let pair = |pair: &str| pair.split_once('=').map(|(name, value)| (name.trim().to_owned(), decoded(value.trim())));
    text.split(',').filter_map(pair).collect()
}

fn decoded(text: &str) -> String {
    let (mut bytes, mut rest) = (vec![], text.as_bytes());
    while let Some((first, after)) = rest.split_first() {
        let hex = after.get(..2).and_then(|h| std::str::from_utf8(h).ok()).and_then(|h| u8::from_str_radix(h, 16).ok());
        match hex.filter(|_| *first == b'%') {
            Some(byte) => (bytes.push(byte), rest = &after[2..]).1,
            None => (bytes.push(*first), rest = after).1,
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Eight bytes that no other run has, in hex: std's hashers are seeded by the system.
fn random() -> String {
    format!("{:016x}", std::hash::RandomState::new().build_hasher().finish().max(1))
}

fn now() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_have_set_is_read() {
        let (trace, span) = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7");
        let read = parent(&format!("00-{trace}-{span}-01"));
        assert_eq!(read, Some((trace.to_string(), span.to_string())));
        assert_eq!(parent("00-00000000000000000000000000000000-00f067aa0ba902b7-01"), None);
        assert_eq!(parent("nonsense"), None);
        assert_eq!(pairs("api-key=a%20b, x=1%"), [("api-key".into(), "a b".into()), ("x".into(), "1%".into())]);
    }
}
