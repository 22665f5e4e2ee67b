//! Spans of a run, as a collector gets them.

use super::*;
use serde_json::Value;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// A collector that takes one request: where it is, and what came, head and body.
fn collector() -> (String, Receiver<(String, Value)>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let (send, came) = channel();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a request");
        let (mut bytes, mut part) = (vec![], [0; 4096]);
        loop {
            let n = stream.read(&mut part).expect("bytes");
            bytes.extend(&part[..n]);
            let text = String::from_utf8_lossy(&bytes).into_owned();
            let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
            if let Ok(json) = serde_json::from_str(body) {
                stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}").expect("an answer");
                let _ = send.send((head.to_owned(), json));
                return;
            }
        }
    });
    (url, came)
}

fn spans(body: &Value) -> &Vec<Value> {
    body["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().expect("spans")
}

fn named<'a>(spans: &'a [Value], name: &str) -> &'a Value {
    spans
        .iter()
        .find(|s| s["name"].as_str().is_some_and(|n| n.contains(name)))
        .unwrap_or_else(|| panic!("{name} in {spans:#?}"))
}

fn planned(engine: Engine) -> (Msr, Database) {
    let (msr, database) = (Msr::new(), engine.fresh());
    msr.write("schema/s.sql", SHOP);
    msr.on(&database, &["plan", "--save", "shop"]).expect(0);
    (msr, database)
}

both!(a_run_its_plans_and_their_steps_are_spans, |engine| {
    let (msr, database) = planned(engine);
    let (url, came) = collector();
    let (trace, parent) = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7");
    let msr = msr
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", &url)
        .env("OTEL_EXPORTER_OTLP_HEADERS", "api-key=a%20b")
        .env("TRACEPARENT", format!("00-{trace}-{parent}-01"));
    msr.on(&database, &["migrate", "--yes"]).expect(0);
    let (head, body) = came.recv_timeout(Duration::from_secs(20)).expect("traces");
    assert!(head.starts_with("POST /v1/traces HTTP/1.1\r\n") && head.contains("\r\napi-key: a b\r\n"), "{head}");
    let spans = spans(&body);
    assert!(spans.iter().all(|s| s["traceId"] == trace), "{spans:#?}");
    let (run, plan) = (named(spans, "msr migrate"), named(spans, "_shop"));
    assert_eq!((run["parentSpanId"].as_str(), &plan["parentSpanId"]), (Some(parent), &run["spanId"]));
    let steps: Vec<&Value> = spans.iter().filter(|s| s["parentSpanId"] == plan["spanId"]).collect();
    assert!(steps.len() >= 2, "{spans:#?}");
    assert!(
        steps
            .iter()
            .all(|s| s["status"]["code"] == 1 && s["startTimeUnixNano"].as_str() <= s["endTimeUnixNano"].as_str())
    );
});

both!(what_fails_is_marked, |engine| {
    let (msr, database) = planned(engine);
    database.load("CREATE TABLE customer (id integer)").expect("another hand");
    let (url, came) = collector();
    let msr = msr.env("OTEL_EXPORTER_OTLP_ENDPOINT", &url);
    msr.on(&database, &["migrate", "--yes"]).expect(4);
    let (_, body) = came.recv_timeout(Duration::from_secs(20)).expect("traces");
    let run = named(spans(&body), "msr migrate");
    assert_eq!(run["status"]["code"], 2);
    assert!(run["status"]["message"].as_str().is_some_and(|why| why.contains("stale")), "{run:#}");
});

both!(a_baseline_is_one_span_refused_or_not, |engine| {
    let (msr, database) = (Msr::new(), engine.fresh());
    database.load("CREATE TABLE t (id integer)").expect("a table");
    for (schema, code, status) in [("", 4, 2), ("CREATE TABLE t (id integer);", 0, 1)] {
        msr.write("schema/s.sql", schema);
        let (url, came) = collector();
        let mut command = msr.command(&["baseline", "--yes", "--database", &database.url()]);
        command.env("OTEL_EXPORTER_OTLP_ENDPOINT", url);
        support::finish(command.spawn().expect("msr"), Duration::from_secs(60)).expect(code);
        let (_, body) = came.recv_timeout(Duration::from_secs(20)).expect("traces");
        let run = named(spans(&body), "msr baseline");
        assert_eq!(run["status"]["code"], status, "{run:#}");
        assert_eq!(
            code == 4,
            run["status"]["message"].as_str().is_some_and(|why| why.contains("does not say")),
            "{run:#}"
        );
    }
});

#[test]
fn a_collector_that_is_away_or_silent_keeps_nobody() {
    needs!(Engine::Sqlite);
    let gone = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("an address");
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let silent_at = silent.local_addr().expect("an address");
    for (address, path) in [(gone, "/v1/traces?key=sesame"), (silent_at, "")] {
        let (msr, database) = planned(Engine::Sqlite);
        let msr = msr.env("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", format!("http://me:sesame@{address}{path}"));
        let begun = Instant::now();
        let done = msr.on(&database, &["migrate", "--yes"]).expect(0);
        assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
        says(&done, &["applied", "the traces were not delivered", &address.to_string()]);
        assert!(!done.said().contains("sesame"), "{}", done.said());
    }
    let (msr, database) = planned(Engine::Sqlite);
    let msr = msr.env("OTEL_EXPORTER_OTLP_ENDPOINT", "sesame");
    let done = msr.on(&database, &["migrate", "--yes"]).expect(0);
    says(&done, &["no traces: the endpoint is no URL"]);
    assert!(!done.said().contains("sesame"), "{}", done.said());
}
