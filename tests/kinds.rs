//! The page of kinds is what the rules say.

use std::path::Path;

#[test]
fn the_page_of_kinds_is_not_stale() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/kinds.md");
    let page = msr::render::kinds::kinds();
    if std::env::var("UPDATE_DOCS").is_ok() {
        std::fs::write(&path, &page).expect("docs/kinds.md");
    }
    let there = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(there == page, "docs/kinds.md is stale: UPDATE_DOCS=1 tests/run kinds writes it");
}
