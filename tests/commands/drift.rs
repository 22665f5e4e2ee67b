//! What a database is besides what it should be.

use super::*;

both!(drift_names_what_was_changed_by_hand, |engine| {
    let (msr, database) = applied(engine, "");
    says(
        &msr.on(&database, &["drift"]).expect(0),
        &["against plan", "extra: no difference", "against schema: no difference"],
    );
    msr.on(&database, &["status", "--drift"]).expect(0);
    database.load("CREATE TABLE byhand (id integer PRIMARY KEY, b text); ALTER TABLE customer ADD COLUMN nick text; DROP TABLE extra").expect("by hand");
    let drift = msr.on(&database, &["drift"]).expect(2);
    says(&drift, &["byhand", "is there and should not be", "nick", "extra", "is not there"]);
    assert!(!drift.stdout.contains("byhand.b"), "parts of a new table are not told one by one: {}", drift.said());
    let found = json(&msr.on(&database, &["drift", "--format", "json"]).expect(2));
    let compared = found["compared"].as_array().expect("compared");
    assert_eq!(compared.len(), 2);
    for one in compared {
        let differences = one["differences"].as_array().expect("differences");
        let how = |name: &str| {
            let of = |d: &&serde_json::Value| {
                d["kind"] == "table" && d["object"].as_str().is_some_and(|o| o.ends_with(name))
            };
            differences.iter().find(of).map(|d| d["difference"].clone())
        };
        assert_eq!(how("byhand"), Some("extra".into()), "{one:#}");
        assert_eq!(how("extra"), Some("missing".into()), "{one:#}");
    }
    says(&msr.on(&database, &["status", "--drift"]).expect(2), &["msr drift"]);
    msr.on(&database, &["status"]).expect(0);
});

both!(drift_behind_a_state_that_was_found_tells_what_the_plans_touched, |engine| {
    let (msr, database) = applied(engine, "CREATE TABLE before (id integer PRIMARY KEY);\n");
    msr.on(&database, &["drift"]).expect(0);
    database.load("ALTER TABLE customer ADD COLUMN nick text; DROP TABLE extra").expect("by hand");
    let drift = msr.on(&database, &["drift"]).expect(2);
    says(&drift, &["only what they touched is compared", "extra"]);
});

both!(what_is_adopted_makes_the_schema_equal, |engine| {
    let (msr, database) = applied(engine, "");
    database
        .load("CREATE TABLE byhand (id integer PRIMARY KEY, b text); ALTER TABLE customer ADD COLUMN nick text")
        .expect("by hand");
    says(&msr.on(&database, &["drift", "--adopt", "schema"]).expect(2), &["wrote schema/adopted_"]);
    let again = msr.on(&database, &["drift", "--format", "json"]);
    assert_eq!(json(&again)["compared"][1]["differences"].as_array().map(Vec::len), Some(0), "{}", again.said());
    msr.on(&database, &["plan", "--detailed-exitcode"]).expect(0);
    msr.write("there.sql", "");
    database.load("DROP TABLE byhand").expect("by hand");
    msr.on(&database, &["drift", "--adopt", "there.sql"]).expect(4);
});

#[test]
fn drift_without_anything_to_compare_with_is_refused() {
    needs!(Engine::Sqlite);
    let database = Engine::Sqlite.with(SHOP).expect("it loads");
    says(&Msr::new().on(&database, &["drift"]).expect(4), &["nothing to compare with"]);
}

#[test]
fn grants_by_hand_are_no_drift() {
    needs!(Engine::Postgres);
    let (msr, database) = applied(Engine::Postgres, "");
    database.load("GRANT SELECT ON customer TO reader").expect("by hand");
    says(&msr.on(&database, &["drift"]).expect(0), &["no difference"]);
}

both!(what_is_excluded_is_no_drift, |engine| {
    let (msr, database) = applied(engine, "");
    database.load("CREATE TABLE byhand (id integer PRIMARY KEY)").expect("by hand");
    msr.on(&database, &["drift"]).expect(2);
    msr.write("msr.toml", "[exclude]\nobjects = [\"byhand\", \"*.byhand\"]\n");
    msr.on(&database, &["drift"]).expect(0);
    msr.on(&database, &["status", "--drift"]).expect(0);
});

#[test]
fn roles_that_the_schema_makes_are_rehearsed_and_compared() {
    needs!(Engine::Postgres);
    let database = Engine::Postgres.fresh();
    let msr = Msr::new();
    msr.write(
        "schema/a.sql",
        "CREATE ROLE drifter NOLOGIN;\nCREATE TABLE a (id integer PRIMARY KEY);\nGRANT SELECT ON a TO drifter;\n",
    );
    msr.on(&database, &["plan", "--save", "a"]).expect(0);
    let file = std::fs::read_dir(msr.path("plans")).expect("plans").flatten().next().expect("a plan").path();
    msr.on(&database, &["rehearse", file.to_str().expect("a name")]).expect(0);
    assert_eq!(
        database.ask("SELECT count(*) FROM pg_roles WHERE rolname = 'drifter'"),
        "0",
        "the target's server is left alone"
    );
    msr.on(&database, &["migrate", "--yes"]).expect(0);
    let calm = msr.on(&database, &["drift"]);
    let _ = database.load("ALTER ROLE drifter CREATEDB");
    let moved = msr.on(&database, &["drift"]);
    let _ = database.load("DROP OWNED BY drifter; DROP ROLE drifter");
    calm.expect(0);
    says(&moved.expect(2), &["role", "drifter"]);
}
