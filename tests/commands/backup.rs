//! Backups, and what they bring back.

use super::*;

both!(a_backup_brings_schema_rows_and_journal_back, |engine| {
    let (msr, database) = applied(engine, "");
    database.load("INSERT INTO customer VALUES (1, 'it''s'); INSERT INTO purchase VALUES (1, 1, 5)").expect("rows");
    says(&msr.on(&database, &["backup", "b.bak"]).expect(0), &["wrote b.bak", "entries"]);
    says(&msr.on(&database, &["backup", "b.bak"]).expect(4), &["is there already"]);
    let fresh = engine.fresh();
    says(&msr.on(&fresh, &["restore", "b.bak"]).expect(4), &["--yes"]);
    msr.on(&fresh, &["restore", "b.bak", "--yes"]).expect(0);
    assert_eq!((fresh.dump(), fresh.rows()), (database.dump(), database.rows()));
    says(&msr.on(&fresh, &["list"]).expect(0), &["extra", "applied"]);
    // What is there is not overwritten unasked.
    says(&msr.on(&fresh, &["restore", "b.bak", "--yes"]).expect(4), &["is not empty", "--allow destructive"]);
    fresh.load("DELETE FROM purchase").expect("a loss");
    msr.on(&fresh, &["restore", "b.bak", "--yes", "--allow", "destructive"]).expect(0);
    assert_eq!(fresh.rows(), database.rows());
});

both!(a_damaged_backup_is_not_restored, |engine| {
    let (msr, database) = applied(engine, "");
    msr.on(&database, &["backup", "b.bak"]).expect(0);
    let bytes = std::fs::read(msr.path("b.bak")).expect("the backup");
    let fresh = engine.fresh();
    let empty = fresh.dump();
    for end in [bytes.len() / 8, bytes.len() / 10 * 9] {
        msr.write("cut.bak", &bytes[..end]);
        let refused = msr.on(&fresh, &["restore", "cut.bak", "--yes"]);
        assert_ne!(refused.code, 0, "{}", refused.said());
        assert_eq!(fresh.dump(), empty);
    }
    msr.on(&fresh, &["restore", "nowhere.bak", "--yes"]).expect(4);
});

both!(runs_that_change_something_can_back_up_first, |engine| {
    let (msr, database) = shop(engine);
    database.load("INSERT INTO customer VALUES (1, 'a')").expect("rows");
    let files = |folder: &str| {
        let mut names: Vec<_> =
            std::fs::read_dir(msr.path(folder)).into_iter().flatten().flatten().map(|e| e.file_name()).collect();
        names.sort();
        names
    };
    let before = database.dump();
    msr.on(&database, &["apply", "p.ron", "--yes", "--backup", "kept"]).expect(0);
    assert_eq!(files("kept").len(), 1);
    let fresh = engine.fresh();
    let kept = msr.path("kept").join(&files("kept")[0]);
    msr.on(&fresh, &["restore", kept.to_str().expect("a name"), "--yes"]).expect(0);
    assert_eq!(fresh.dump(), before);
    assert_eq!(fresh.rows(), database.rows().into_iter().filter(|(t, _)| !t.ends_with("extra")).collect());
    msr.on(&database, &["down", "--yes", "--allow", "all", "--backup", "downs"]).expect(0);
    assert_eq!(files("downs").len(), 1);
    // Nothing pending, nothing backed up.
    msr.on(&database, &["migrate", "--yes", "--backup", "idle"]).expect(0);
    assert_eq!(files("idle").len(), 0);
});

/// A program of this name that writes down how it was called, and fails.
fn pretended(msr: &Msr, name: &str, version: &str) -> String {
    use std::os::unix::fs::PermissionsExt;
    let folder = msr.path("bin");
    let script = format!(
        "#!/bin/sh\n[ \"$1\" = --version ] && echo '{name} (PostgreSQL) {version}' && exit\n\
         echo \"$@\" >{0}/args; env >{0}/env; echo 'it went wrong' >&2; exit 1\n",
        folder.display()
    );
    let path = msr.write(&format!("bin/{name}"), script);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("a program");
    format!("{}:/usr/bin:/bin", folder.display())
}

#[test]
fn p31_the_password_is_no_argument_of_the_tools() {
    needs!(Engine::Postgres);
    let database = Engine::Postgres.fresh();
    let msr = Msr::new();
    let path = pretended(&msr, "pg_dump", &format!("{}.1", Engine::Postgres.major()));
    let url = database.url().replace("postgres:///", "postgres://:sesame@/");
    let mut command = msr.command(&["backup", "b.bak", "--database", &url]);
    let failed = support::finish(command.env("PATH", &path).spawn().expect("msr"), std::time::Duration::from_secs(60));
    says(&failed.clone().expect(1), &["`pg_dump` failed", "it went wrong"]);
    assert!(!failed.said().contains("sesame"), "{}", failed.said());
    assert!(!msr.read("bin/args").contains("sesame"), "{}", msr.read("bin/args"));
    assert!(msr.read("bin/env").lines().any(|line| line == "PGPASSWORD=sesame"));
    assert!(!msr.path("b.bak").exists());
    let left = std::fs::read_dir(msr.path("."))
        .expect("the folder")
        .flatten()
        .filter(|e| e.file_name().to_string_lossy().starts_with(".msr-backup"));
    assert_eq!(left.count(), 0);
}

#[test]
fn a_tool_that_is_older_than_the_server_is_passed_over() {
    needs!(Engine::Postgres);
    let database = Engine::Postgres.fresh();
    let msr = Msr::new();
    let servers = support::postgres().expect("a server").bin.display();
    let path = pretended(&msr, "pg_dump", "9.6.24").replacen(':', &format!(":{servers}:"), 1);
    let mut command = msr.command(&["backup", "b.bak", "--database", &database.url()]);
    let done = support::finish(command.env("PATH", &path).spawn().expect("msr"), std::time::Duration::from_secs(60));
    done.expect(0);
    assert!(!msr.path("bin/args").exists());
}
