//! What can be seen without a browser; `tests/browser` looks with one.

use super::plan as page;
use crate::plan::{Finding, Level, Plan};
use crate::render::tests::{check, postgres, sqlite};

const EVIL: &str = "</script></style><script>alert(1)</script><img src=x onerror=alert(1)>\" onclick=\"alert(1)' {{ 1 }}\u{202e}\u{1b}[31m";

/// Every text that comes from elsewhere tries to leave its place.
fn hostile() -> Plan {
    let mut plan = postgres();
    plan.header.name = EVIL.into();
    plan.header.engine = EVIL.into();
    plan.notes = vec![EVIL.into()];
    plan.unmodelled = vec![EVIL.into()];
    for step in &mut plan.steps {
        step.subject = step.subject.below(step.subject.kind, EVIL);
        step.up.push(format!("SELECT '{EVIL}'"));
        step.at = Some(EVIL.into());
        step.locks.push((EVIL.into(), EVIL.into()));
        step.loses = Some(EVIL.into());
        step.needs.iter_mut().for_each(|(_, why)| *why = EVIL.into());
        let text = || EVIL.to_string();
        let level = Level::Warn;
        step.findings.push(Finding {
            rule: text(),
            level,
            what: text(),
            why: text(),
            advice: text(),
            allowed: Some(text()),
            momentary: false,
        });
    }
    plan
}

#[test]
fn p32_no_name_becomes_markup() {
    let page = page(&hostile(), None).expect("a page");
    let clean = super::plan(&postgres(), None).expect("a page");
    for tag in ["<script", "</script", "<style", "<img"] {
        assert_eq!(page.matches(tag).count(), clean.matches(tag).count(), "{tag}");
    }
    assert!(!page.contains("onclick=\"alert") && !page.contains('\u{202e}') && !page.contains('\u{1b}'));
    assert!(page.contains("{{ 1 }}"), "a name is no template");
}

#[test]
fn nothing_is_fetched() {
    let page = page(&postgres(), None).expect("a page");
    let found: Vec<&str> =
        ["http:", "https:", "src=", "@import", "<link"].into_iter().filter(|w| page.contains(w)).collect();
    assert!(found.is_empty(), "{found:?}");
    assert!(page.contains("default-src 'none'"));
}

#[test]
fn pages_of_plans() {
    check("postgres.html", &page(&postgres(), None).expect("a page"));
    let nothing = crate::render::tests::plan("sqlite", vec![]);
    assert!(page(&nothing, None).expect("a page").contains("No changes"));
    assert!(page(&sqlite(), None).expect("a page").contains("id=\"step-3\""));
}
