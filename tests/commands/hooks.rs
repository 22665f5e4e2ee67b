//! Commands of the project's own.

use super::*;

/// Each hook writes down its name and what it was told.
const ALL: &str = r#"
[hooks]
before_plan = "echo $MSR_HOOK $MSR_COMMAND >>log"
after_plan = "echo $MSR_HOOK $MSR_STEPS >>log; echo chatter"
before_apply = "echo $MSR_HOOK $MSR_COMMAND $MSR_ENGINE >>log"
after_apply = "echo $MSR_HOOK >>log"
before_batch = "echo $MSR_HOOK ${MSR_PLAN#*_} $MSR_WAY >>log"
after_batch = "echo $MSR_HOOK ${MSR_PLAN#*_} $MSR_BATCH/$MSR_BATCHES >>log"
on_failure = "echo $MSR_HOOK $MSR_EXIT_CODE $MSR_ERROR >>log"
"#;

both!(hooks_are_run_when_their_names_say, |engine| {
    let database = engine.with(SHOP).expect("it loads");
    let msr = Msr::new();
    msr.write("msr.toml", ALL);
    msr.write("schema/shop.sql", format!("{SHOP}CREATE TABLE extra (id integer PRIMARY KEY);"));
    let planned = msr.on(&database, &["plan", "--save", "extra", "--format", "json"]).expect(0);
    assert!(!planned.stdout.contains("chatter") && planned.stderr.contains("chatter"), "{}", planned.said());
    json(&planned);
    msr.on(&database, &["migrate", "--yes"]).expect(0);
    // Nothing is pending any more, so that nothing is set off.
    msr.on(&database, &["migrate", "--yes"]).expect(0);
    let name = engine.name();
    let up = "before_batch extra up\nafter_batch extra 1/1\nafter_apply\n";
    let log = format!("before_plan plan\nafter_plan 1\nbefore_apply migrate {name}\n{up}");
    assert_eq!(msr.read("log"), log);
    msr.on(&database, &["down", "--yes", "--allow", "destructive"]).expect(0);
    let down = up.replace(" up", " down");
    assert_eq!(msr.read("log"), format!("{log}before_apply down {name}\n{down}"));
});

both!(a_hook_before_can_refuse_and_one_of_failures_is_told, |engine| {
    let (msr, database) = shop(engine);
    let before = database.dump();
    msr.write("msr.toml", "[hooks]\nbefore_apply = \"exit 3\"\n");
    says(
        &msr.on(&database, &["apply", "p.ron", "--yes"]).expect(4),
        &["`before_apply`", "exit 3", "nothing was changed"],
    );
    assert_eq!(database.dump(), before);
    msr.write("msr.toml", ALL);
    database.load("CREATE TABLE extra (id integer PRIMARY KEY)").expect("by hand");
    msr.on(&database, &["apply", "p.ron", "--yes"]).expect(4);
    says(&Output { code: 0, stdout: msr.read("log"), stderr: String::new() }, &["on_failure 4 the plan", "stale"]);
    // What was done stands, whatever comes after.
    database.load("DROP TABLE extra").expect("by hand");
    msr.write("msr.toml", "[hooks]\nafter_apply = \"exit 7\"\n");
    says(&msr.on(&database, &["apply", "p.ron", "--yes"]).expect(0), &["warning", "`after_apply`"]);
});

both!(a_hook_before_a_batch_stops_a_run_at_its_boundary, |engine| {
    let database = engine.fresh();
    let msr = Msr::new();
    msr.write("msr.toml", "[hooks]\nbefore_batch = \"case $MSR_PLAN in *_second) test -e go ;; esac\"\n");
    msr.write("plans/.gitkeep", "");
    for (name, table) in [("first", "a"), ("second", "b")] {
        msr.write(&format!("schema/{table}.sql"), format!("CREATE TABLE {table} (id integer PRIMARY KEY);"));
        msr.on(&database, &["plan", "--save", name, "--from", "plans"]).expect(0);
    }
    let stopped = msr.on(&database, &["migrate", "--yes"]).expect(1);
    says(&stopped, &["`before_batch` failed", "exit status: 1", "nothing was changed", "run again"]);
    let applied = || msr.on(&database, &["list"]).expect(0).stdout.matches("applied").count();
    assert_eq!(applied(), 1);
    database.load("INSERT INTO a VALUES (1)").expect("the first plan stands");
    msr.write("go", "");
    msr.on(&database, &["migrate", "--yes"]).expect(0);
    assert_eq!(applied(), 2);
});

both!(p22_a_hook_ends_with_the_run_that_is_told_to_stop, |engine| {
    let (msr, database) = shop(engine);
    let before = database.dump();
    let hook = "trap '' TERM; echo here >at; sleep 60 & echo $! >pid; wait; while :; do sleep 1; done";
    msr.write("msr.toml", format!("[hooks]\nbefore_batch = \"{hook}\"\non_failure = \"echo $MSR_HOOK >>log\"\n"));
    let url = database.url();
    let run = msr.command(&["apply", "p.ron", "--yes", "--database", &url]).spawn().expect("msr");
    until("the hook has begun", || msr.path("pid").exists());
    let _ = std::process::Command::new("kill").args(["-TERM", &run.id().to_string()]).status();
    says(&finish(run, std::time::Duration::from_secs(10)).expect(143), &["nothing was changed"]);
    // It is gone, or nobody has asked yet how it ended.
    let status = std::fs::read_to_string(format!("/proc/{}/status", msr.read("pid").trim())).unwrap_or_default();
    assert!(status.is_empty() || status.contains("zombie"), "what the hook has started goes on: {status}");
    // One that comes after the signal is none that it asked to stop.
    assert_eq!(msr.read("log"), "on_failure\n");
    assert_eq!(database.dump(), before);
});

both!(p22_no_hook_is_begun_after_the_signal, |engine| {
    let database = engine.fresh();
    let msr = Msr::new();
    let hooks = "before_batch = 'echo before >>log'\nafter_batch = 'echo after >>log; kill -TERM $PPID; sleep 1'";
    msr.write("msr.toml", format!("[apply]\ntransaction = \"step\"\n[hooks]\n{hooks}\n"));
    msr.write("schema/s.sql", "CREATE TABLE a (id integer PRIMARY KEY); CREATE TABLE b (id integer PRIMARY KEY);");
    msr.on(&database, &["plan", "--out", "p.ron"]).expect(0);
    says(
        &msr.on(&database, &["apply", "p.ron", "--yes"]).expect(143),
        &["the first of 2 batches stands", "run again to go on"],
    );
    assert_eq!(msr.read("log"), "before\nafter\n");
    msr.write("msr.toml", "");
    msr.on(&database, &["apply", "p.ron", "--yes"]).expect(0);
});

#[test]
fn p31_hooks_are_told_no_password() {
    let msr = Msr::new();
    msr.write("msr.toml", "[hooks]\nbefore_plan = \"env >seen\"\n");
    msr.write("schema/a.sql", SHOP);
    msr.run(&["plan", "--database", "postgres://me:sesame@localhost:1/nope"]).expect(3);
    let seen = msr.read("seen");
    assert!(seen.contains("MSR_DATABASE=postgres://") && !seen.contains("sesame"), "{seen}");
}

both!(a_hook_can_be_a_file_of_sql, |engine| {
    let (msr, database) = shop(engine);
    msr.write("msr.toml", "[hooks]\nbefore_apply = \"before.sql\"\nafter_apply = \"after.sql\"\n");
    msr.write("before.sql", "INSERT INTO customer VALUES (1, 'first'); INSERT INTO customer VALUES (2, 'second');");
    msr.write("after.sql", "INSERT INTO nowhere VALUES (1);");
    says(&msr.on(&database, &["apply", "p.ron", "--yes"]).expect(0), &["warning", "`after_apply`", "nowhere"]);
    assert_eq!(database.ask("SELECT count(*) FROM customer"), "2");
});
