//! Which place wins, and what becomes of each parameter.

use super::*;

fn resolve(url: &str, env: &[(&str, &str)]) -> Result<Params> {
    let url = DatabaseUrl::parse(url)?;
    Params::resolve(&url, &|name| env.iter().find(|(key, _)| *key == name).map(|(_, value)| value.to_string()))
}

fn ok(url: &str, env: &[(&str, &str)]) -> Params {
    resolve(url, env).unwrap_or_else(|e| panic!("{e}"))
}

fn error(url: &str, env: &[(&str, &str)]) -> String {
    resolve(url, env).err().map(|e| e.to_string()).unwrap_or_default()
}

fn places(params: &Params) -> Vec<String> {
    params.endpoints.iter().map(|endpoint| endpoint.to_string()).collect()
}

fn password(params: &Params) -> Option<&str> {
    params.endpoints[0].password.as_ref().map(|text| text.expose_secret())
}

#[test]
fn hosts() {
    assert_eq!(places(&ok("postgres://me@a:1,b,[::1]:3/d", &[])), ["a:1", "b:5432", "[::1]:3"]);
    assert_eq!(places(&ok("postgres:///d?host=/dir&port=5433&user=me", &[])), ["/dir/.s.PGSQL.5433"]);
    assert_eq!(places(&ok("postgres://me@/d?host=a,b&port=7", &[])), ["a:7", "b:7"]);
    assert_eq!(places(&ok("postgres://me@/d", &[("PGHOST", "x,y"), ("PGPORT", "1,2")])), ["x:1", "y:2"]);
    assert!(error("postgres://me@/d?host=a,b&port=1,2,3", &[]).contains("`port`"));
}

#[test]
fn url_then_service_then_environment() {
    let folder = tempfile::tempdir().unwrap_or_else(|e| panic!("{e}"));
    let file = folder.path().join("services");
    std::fs::write(&file, "[s]\nhost=sh\nuser=su\ndbname=sd\n").unwrap_or_else(|e| panic!("{e}"));
    let file = file.display().to_string();
    let env = [("PGSERVICEFILE", file.as_str()), ("PGHOST", "eh"), ("PGUSER", "eu"), ("PGAPPNAME", "ea")];
    let params = ok("postgres://uu@/?service=s", &env);
    assert_eq!((params.user.as_str(), params.database.as_str(), params.application_name.as_str()), ("uu", "sd", "ea"));
    assert_eq!(places(&params), ["sh:5432"]);
    assert!(error("postgres:///?service=absent", &env).contains("in no service file"));
}

#[test]
fn passwords() {
    let folder = tempfile::tempdir().unwrap_or_else(|e| panic!("{e}"));
    let file = folder.path().join("pass");
    std::fs::write(&file, "h:*:d:me:fromfile\n").unwrap_or_else(|e| panic!("{e}"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let private = std::fs::Permissions::from_mode(0o600);
        std::fs::set_permissions(&file, private).unwrap_or_else(|e| panic!("{e}"));
    }
    let env = [("PGPASSFILE", file.to_str().unwrap_or_default())];
    assert_eq!(password(&ok("postgres://me@h/d", &env)), Some("fromfile"));
    assert_eq!(password(&ok("postgres://me@other/d", &env)), None);
    assert_eq!(password(&ok("postgres://me@h/d", &[env[0], ("PGPASSWORD", "env")])), Some("env"));
    let params = ok("postgres://me:a%40%23%2F%3A%25%3F%0A@h/d", &env);
    assert_eq!(password(&params), Some("a@#/:%?\n"));
    assert!(!format!("{params:?}").contains("a@#"), "{params:?}");
}

#[test]
fn tls_policy() {
    let mode = |url: &str, env: &[(&str, &str)]| {
        let params = ok(url, env);
        params.ssl_mode(&params.endpoints[0])
    };
    for local in ["localhost", "127.0.0.9", "[::1]"] {
        assert_eq!(mode(&format!("postgres://me@{local}/d"), &[]), SslMode::Prefer, "{local}");
    }
    for remote in ["db", "10.0.0.1", "db?hostaddr=10.0.0.1", "localhost.evil.com"] {
        assert_eq!(mode(&format!("postgres://me@{}", remote.replace('?', "/?")), &[]), SslMode::VerifyFull, "{remote}");
    }
    assert_eq!(mode("postgres://me@localhost/?hostaddr=10.0.0.1", &[]), SslMode::VerifyFull);
    assert_eq!(mode("postgres://me@db/d", &[("PGSSLMODE", "disable")]), SslMode::Disable);
    assert_eq!(mode("postgres://me@db/d?sslmode=verify-ca", &[("PGSSLMODE", "disable")]), SslMode::VerifyCa);
    assert_eq!(mode("postgres://me@db/d?ssl=true", &[]), SslMode::Require);
    assert_eq!(mode("postgres:///d?host=/x&user=me&sslmode=require", &[]), SslMode::Disable);
    assert_eq!(mode("postgres://me@localhost/d?sslrootcert=system", &[]), SslMode::VerifyFull);
}

#[test]
fn unknown_and_unsupported_parameters_are_named_and_values_are_not() {
    let message = error("postgres://me@h/d?sslmod=sesame", &[]);
    assert!(message.contains("`sslmod`") && message.contains("`sslmode`") && !message.contains("sesame"), "{message}");
    let message = error("postgres://me:12@h/d?sesame=x@y", &[]);
    assert!(!message.contains("sesame"), "{message}");
    assert!(error("postgres://me@h/d?sslcrl=f", &[]).contains("`sslcrl`"));
    assert!(error("postgres://me@h/d", &[("PGREQUIREAUTH", "scram-sha-256")]).contains("`PGREQUIREAUTH`"));
    for bad in
        ["sslmode=sesame", "connect_timeout=sesame", "port=sesame", "hostaddr=sesame", "target_session_attrs=sesame"]
    {
        let message = error(&format!("postgres://me@h/d?{bad}"), &[]);
        assert!(message.contains("can't be used") && !message.contains("sesame"), "{message}");
    }
}

#[test]
fn defaults() {
    let params = ok("postgres://me@h", &[]);
    assert_eq!((params.database.as_str(), params.application_name.as_str()), ("me", "msr"));
    assert_eq!(params.connect_timeout, Some(Duration::from_secs(10)));
    assert_eq!(ok("postgres://me@h?connect_timeout=0", &[]).connect_timeout, None);
    assert!(!ok("postgres://h", &[]).user.is_empty());
}
