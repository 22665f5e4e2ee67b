//! What is fuzzed (promise 36): each takes any bytes and fails by panicking. For `cargo fuzz` and for the replay of the corpora.

use msr::model::{Id, Kind};
use msr::plan::file;
use msr::settings::DatabaseUrl;
use msr::source::script::Script;
use msr::source::{Dialect, File, Source};

/// Its name, and what takes the bytes.
pub type Target = (&'static str, fn(&[u8]));

pub const TARGETS: [Target; 4] = [("plan", plan), ("split", split), ("url", url), ("names", names)];

/// What is read is written as it was, whatever the text: also one that somebody edited and sealed again.
pub fn plan(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let _ = file::read(text, "p.ron");
    let Ok(sealed) = file::reseal(text, "p.ron") else { return };
    let loaded = file::read(&sealed, "p.ron").expect("what was sealed can be read");
    let written = file::write(&loaded.plan);
    assert_eq!(file::read(&written, "p.ron").expect("what was written can be read").plan, loaded.plan);
}

/// Statements lie one after the other in the file, and nothing between them is one.
pub fn split(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    for dialect in [Dialect::Postgres, Dialect::Sqlite] {
        let file = || File { name: "f.sql".into(), text: text.to_owned() };
        if let Ok(script) = Script::parse(file(), dialect) {
            let mut end = 0;
            for (i, said) in script.statements.iter().enumerate() {
                assert!(end <= said.range.start && said.range.start < said.range.end);
                assert!(!script.text(i).is_empty());
                end = said.range.end;
            }
        }
        if let Ok(source) = Source::parse(vec![file()], dialect) {
            for i in 0..source.statements.len() {
                let _ = source.place(i, 0);
            }
        }
    }
}

/// Nothing of a password is in what is said, and nothing else than the URL was asked for.
pub fn url(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let quiet = |text: &str, secret: Option<&str>| {
        let said = match DatabaseUrl::parse(text) {
            Ok(url) => format!(
                "{url:?} {}{}",
                url.network().map_or_else(|e| format!("{e:?} {e}"), |_| String::new()),
                url.sqlite().map_or_else(|e| format!("{e:?} {e}"), |_| String::new())
            ),
            Err(e) => format!("{e:?} {e}"),
        };
        assert!(secret.is_none_or(|secret| !said.contains(secret)), "the password is in: {said}");
    };
    quiet(text, None);
    for scheme in ["postgres", "postgresql", "mysql"] {
        quiet(&format!("{scheme}://u:xQ7zSECRET{text}@h/d"), Some("xQ7zSECRET"));
        quiet(&format!("{scheme}://u:xQ7zSECRET@{text}"), Some("xQ7zSECRET"));
    }
}

/// Every name comes back from its text, and none of it reaches the terminal raw.
pub fn names(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let parts: Vec<&str> = text.split('\n').take(4).collect();
    for kind in Kind::ALL {
        let id = Id::new(*kind, &parts);
        assert_eq!(id.to_string().parse::<Id>().as_ref(), Ok(&id));
    }
    let line = msr::render::text::line(&text);
    assert!(!line.chars().any(char::is_control), "{line:?}");
    let _ = text.parse::<Id>();
}
