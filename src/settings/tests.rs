//! Which layer wins, and what is said when one is wrong.

use super::*;

struct Case {
    folder: tempfile::TempDir,
    env: BTreeMap<String, String>,
    flags: Flags,
}

impl Case {
    fn new() -> Case {
        let folder = tempfile::tempdir().unwrap_or_else(|e| panic!("{e}"));
        Case { folder, env: BTreeMap::new(), flags: Flags::default() }
    }

    fn env(mut self, name: &str, value: &str) -> Case {
        self.env.insert(name.into(), value.into());
        self
    }

    fn file(self, name: &str, text: &str) -> Case {
        std::fs::write(self.folder.path().join(name), text).unwrap_or_else(|e| panic!("{e}"));
        self
    }

    fn load(&self) -> Result<Settings> {
        Settings::load(&self.flags, &|name| self.env.get(name).cloned(), self.folder.path())
    }

    fn database(&self) -> String {
        match self.load() {
            Ok(settings) => format!("{} ({})", settings.database, settings.origin("database")),
            Err(e) => e.to_string(),
        }
    }
}

#[test]
fn defaults() {
    let settings = Case::new().load().unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(settings.database.to_string(), "sqlite://msr.db");
    assert_eq!((settings.schema.as_str(), settings.plans.as_str()), ("schema", "plans"));
    assert_eq!(settings.lock_wait, Duration::from_secs(600));
    assert_eq!(settings.origin("database"), &Origin::Default);
}

#[test]
fn each_layer_wins_over_the_next() {
    let mut case = Case::new().file("msr.toml", "database = 'sqlite://toml'");
    assert_eq!(case.database(), "sqlite://toml (`database` in `msr.toml`)");
    case = case.file(".env", "DATABASE_URL=sqlite://d1\nMSR_DATABASE_URL=sqlite://d2");
    assert_eq!(case.database(), "sqlite://d2 (`MSR_DATABASE_URL` in `.env`)");
    case = case.env("DATABASE_URL", "sqlite://e1");
    assert_eq!(case.database(), "sqlite://e1 (environment variable `DATABASE_URL`)");
    case = case.env("MIGRATION_DATABASE_URL", "sqlite://e2");
    assert_eq!(case.database(), "sqlite://e2 (environment variable `MIGRATION_DATABASE_URL`)");
    case = case.file("secret", "sqlite://e3\n").env("MSR_DATABASE_URL_FILE", "secret");
    assert_eq!(case.database(), "sqlite://e3 (environment variable `MSR_DATABASE_URL_FILE`)");
    case.flags.database = Some("sqlite://flag".into());
    assert_eq!(case.database(), "sqlite://flag (flag `--database`)");
}

#[test]
fn a_secret_twice_or_empty_is_an_error() {
    let case = Case::new().env("DATABASE_URL", "sqlite://a").env("DATABASE_URL_FILE", "b");
    assert!(case.database().starts_with("`DATABASE_URL` and `DATABASE_URL_FILE` are both set"));
    let case = Case::new().env("MSR_DATABASE_URL", "").env("DATABASE_URL", "sqlite://a");
    assert!(case.database().starts_with("`MSR_DATABASE_URL` is set and empty"));
}

#[test]
fn errors_say_where_and_quote_no_secret() {
    let case = Case::new().env("DATABASE_URL", "oracle://u:sesame@h");
    let error = case.database();
    assert!(error.contains("environment variable `DATABASE_URL`") && !error.contains("sesame"), "{error}");
    let error = Case::new().file("msr.toml", "lock_wait = 'soon'").database();
    assert!(error.contains("`lock_wait` in `msr.toml`"), "{error}");
    let mut case = Case::new();
    case.flags.config = Some("absent.toml".into());
    let error = case.load().map(|_| ()).unwrap_err();
    assert_eq!(error.failure.exit_code(), 78);
}

#[test]
fn shadow_lint_exclude_and_json() {
    let mut case = Case::new().env("MSR_SHADOW_URL", "postgres://u:sesame@h/s").file(
        "c.json",
        r#"{"schema": "db", "lint": {"deny": ["a"]}, "exclude": {"schemas": ["x"]}, "lock_timeout": "2s"}"#,
    );
    case.flags.config = Some("c.json".into());
    let settings = case.load().unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(settings.shadow.as_ref().map(|url| url.to_string()).as_deref(), Some("postgres://u@h/s"));
    assert_eq!(settings.lint.deny, ["a"]);
    assert_eq!(settings.filter.exclude[0].schemas, ["x"]);
    assert_eq!(settings.lock_timeout, Some(Duration::from_secs(2)));
    assert!(!format!("{settings:?}").contains("sesame"));
}

#[test]
fn a_role_goes_with_the_database() {
    let mut case =
        Case::new().file("msr.toml", "database = 'postgres://u@h/d'\nrole = 'a'\nshadow = 'postgres://u@h/s'");
    let role =
        |case: &Case| case.load().map(|s| s.database.role().map(str::to_owned)).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(role(&case).as_deref(), Some("a"));
    case = case.env("MSR_ROLE", "b");
    assert_eq!(role(&case).as_deref(), Some("b"));
    case.flags.role = Some("c".into());
    assert_eq!(role(&case).as_deref(), Some("c"));
    let shadow = case.load().unwrap_or_else(|e| panic!("{e}")).shadow;
    assert_eq!(shadow.as_ref().and_then(|url| url.role()), None, "the shadow server has roles of its own");
    case.flags.database = Some("sqlite://x.db".into());
    let error = case.load().map(|_| ()).unwrap_err();
    assert_eq!(error.failure.exit_code(), 78);
    assert!(
        error.to_string().contains("`sqlite://x.db` has no roles") && error.to_string().contains("flag `--role`"),
        "{error}"
    );
}

#[test]
fn colours() {
    let color = |case: &Case| case.load().map(|s| s.color).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(color(&Case::new().env("NO_COLOR", "1")), Color::Never);
    let mut case = Case::new().env("NO_COLOR", "1");
    case.flags.color = Some("always".into());
    assert_eq!(color(&case), Color::Always);
}
