//! The values of the connection parameters: URL > service > environment > default, as in libpq.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

use super::parameter::{self, PARAMETERS, Parameter, Treatment};
use super::{passfile, service};
use crate::settings::{DatabaseUrl, network::NetworkUrl};
use crate::{Error, Result};

/// All that is needed to connect.
#[derive(Debug, Clone)]
pub struct Params {
    /// Tried in this order.
    pub endpoints: Vec<Endpoint>,
    pub user: String,
    pub database: String,
    pub options: Option<String>,
    /// Whom the session acts as.
    pub role: Option<String>,
    pub application_name: String,
    /// For one attempt on one host, from name look-up to "ready"; `None` waits for ever.
    pub connect_timeout: Option<Duration>,
    pub target: TargetSession,
    pub channel_binding: Option<String>,
    /// `None`: not written, see [`Params::ssl_mode`].
    pub written_ssl_mode: Option<SslMode>,
    pub ssl_root: Option<SslRoot>,
    pub ssl_cert: Option<PathBuf>,
    pub ssl_key: Option<PathBuf>,
    pub tls13_only: bool,
    pub keepalives: bool,
    pub keepalives_idle: Option<Duration>,
    pub keepalives_interval: Option<Duration>,
    pub keepalives_count: Option<u32>,
    pub tcp_user_timeout: Option<Duration>,
    /// What libpq would have printed: an ignored password file.
    pub warnings: Vec<String>,
}

#[derive(Debug, Clone)]
pub struct Endpoint {
    pub host: Host,
    pub port: u16,
    pub password: Option<SecretString>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Host {
    Socket(PathBuf),
    /// The name is what a certificate is checked against; the address, when given, is what is connected to.
    Tcp {
        name: String,
        address: Option<IpAddr>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SslMode {
    Disable,
    Allow,
    Prefer,
    Require,
    VerifyCa,
    VerifyFull,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SslRoot {
    System,
    File(PathBuf),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TargetSession {
    Any,
    ReadWrite,
    ReadOnly,
    Primary,
    Standby,
    PreferStandby,
}

const SSL_MODES: &[(&str, SslMode)] = &[
    ("disable", SslMode::Disable),
    ("allow", SslMode::Allow),
    ("prefer", SslMode::Prefer),
    ("require", SslMode::Require),
    ("verify-ca", SslMode::VerifyCa),
    ("verify-full", SslMode::VerifyFull),
];
const TARGETS: &[(&str, TargetSession)] = &[
    ("any", TargetSession::Any),
    ("read-write", TargetSession::ReadWrite),
    ("read-only", TargetSession::ReadOnly),
    ("primary", TargetSession::Primary),
    ("standby", TargetSession::Standby),
    ("prefer-standby", TargetSession::PreferStandby),
];
/// Where distributions put the socket: Debian and Red Hat, and PostgreSQL's own default.
const SOCKET_FOLDERS: &[&str] = &["/var/run/postgresql", "/run/postgresql", "/tmp"];
const DEFAULT_PORT: u16 = 5432;
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);
/// The system's two hours are longer than what load balancers and NAT keep a silent connection for, and a long
/// `CREATE INDEX` is silent.
const DEFAULT_KEEPALIVE: Duration = Duration::from_secs(60);

type Env<'a> = &'a dyn Fn(&str) -> Option<String>;

impl Params {
    /// Reads the URL, and what it leaves open from its service and the environment.
    pub fn resolve(url: &DatabaseUrl, env: Env) -> Result<Params> {
        let values = Values::collect(url, env)?;
        let user = match values.get("user") {
            Some(user) => user.to_owned(),
            None => os_user(env)?,
        };
        let database = values.get("dbname").unwrap_or(&user).to_owned();
        let mut endpoints = values.endpoints()?;
        let warnings = values.passwords(&mut endpoints, &user, &database, env);
        let seconds = |name| Ok::<_, Error>(values.number(name)?.map(|n| Duration::from_secs(n.into())));
        if values.get("gssencmode") == Some("require") {
            return Err(values.wrong("gssencmode", "msr has no GSSAPI encryption"));
        }
        Ok(Params {
            endpoints,
            role: url.role().map(str::to_owned),
            options: values.owned("options"),
            application_name: values
                .owned("application_name")
                .or(values.owned("fallback_application_name"))
                .unwrap_or_else(|| "msr".into()),
            // 0 waits for ever, as in libpq; unlike libpq the default does not.
            connect_timeout: seconds("connect_timeout")?.map_or(Some(DEFAULT_TIMEOUT), |t| (!t.is_zero()).then_some(t)),
            target: values.one_of("target_session_attrs", TARGETS)?.unwrap_or(TargetSession::Any),
            channel_binding: values.owned("channel_binding"),
            written_ssl_mode: values.one_of("sslmode", SSL_MODES)?,
            ssl_root: values.get("sslrootcert").map(|root| match root {
                "system" => SslRoot::System,
                path => SslRoot::File(path.into()),
            }),
            ssl_cert: values.get("sslcert").map(PathBuf::from),
            ssl_key: values.get("sslkey").map(PathBuf::from),
            tls13_only: values.tls13_only()?,
            keepalives: values.number("keepalives")? != Some(0),
            keepalives_idle: seconds("keepalives_idle")?.filter(|t| !t.is_zero()).or(Some(DEFAULT_KEEPALIVE)),
            keepalives_interval: seconds("keepalives_interval")?.filter(|t| !t.is_zero()),
            keepalives_count: values.number("keepalives_count")?.filter(|n| *n != 0),
            tcp_user_timeout: values.number("tcp_user_timeout")?.map(|n| Duration::from_millis(n.into())),
            user,
            database,
            warnings,
        }
        .with_files_of_home(env))
    }

    /// The mode that holds for this server: the written one; else `verify-full` for another machine, and `prefer`
    /// for this one. On a socket there is no TLS, whatever is written
    /// (<https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNECT-SSLMODE>).
    pub fn ssl_mode(&self, endpoint: &Endpoint) -> SslMode {
        match (&endpoint.host, self.written_ssl_mode) {
            (Host::Socket(_), _) => SslMode::Disable,
            (_, Some(mode)) => mode,
            _ if self.ssl_root == Some(SslRoot::System) || !endpoint.is_local() => SslMode::VerifyFull,
            _ => SslMode::Prefer,
        }
    }

    /// `~/.postgresql/{root.crt,postgresql.crt,postgresql.key}` are used when they exist, as libpq does
    /// (<https://www.postgresql.org/docs/current/libpq-ssl.html>, table 32.2).
    fn with_files_of_home(mut self, env: Env) -> Params {
        let Some(home) = env("HOME") else { return self };
        let existing = |name: &str| Some(Path::new(&home).join(".postgresql").join(name)).filter(|path| path.exists());
        self.ssl_root = self.ssl_root.or_else(|| existing("root.crt").map(SslRoot::File));
        self.ssl_cert = self.ssl_cert.or_else(|| existing("postgresql.crt"));
        if self.ssl_cert.is_some() {
            self.ssl_key = self.ssl_key.or_else(|| existing("postgresql.key"));
        }
        self
    }
}

impl SslMode {
    /// As libpq writes it.
    pub fn word(self) -> &'static str {
        SSL_MODES.iter().find(|(_, mode)| *mode == self).map_or("verify-full", |(word, _)| word)
    }
}

impl Endpoint {
    /// On this machine: nobody stands in between.
    pub fn is_local(&self) -> bool {
        match &self.host {
            Host::Socket(_) => true,
            Host::Tcp { address: Some(address), .. } => address.is_loopback(),
            Host::Tcp { name, .. } => name == "localhost" || name.parse().is_ok_and(|ip: IpAddr| ip.is_loopback()),
        }
    }
}

impl std::fmt::Display for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.host {
            Host::Socket(folder) => write!(f, "{}/.s.PGSQL.{}", folder.display(), self.port),
            Host::Tcp { name, .. } if name.contains(':') => write!(f, "[{name}]:{}", self.port),
            Host::Tcp { name, .. } => write!(f, "{name}:{}", self.port),
        }
    }
}

/// The text of each parameter that is given, and where it was given.
struct Values(BTreeMap<&'static str, (String, String)>);

impl Values {
    fn collect(url: &DatabaseUrl, env: Env) -> Result<Values> {
        let mut values = Values(BTreeMap::new());
        values.add_url(&url.network()?)?;
        let asked = values.owned("service").or_else(|| env("PGSERVICE").filter(|name| !name.is_empty()));
        if let Some(name) = asked {
            let file = values.owned("servicefile").or_else(|| env("PGSERVICEFILE"));
            for entry in service::read(&name, &service::files(file.as_deref(), env))? {
                values.add(entry.parameter, entry.value, entry.place)?;
            }
        }
        for parameter in PARAMETERS {
            let Some(variable) = parameter.variable else { continue };
            if let Some(value) = env(variable) {
                values.add(parameter, value, format!("environment variable `{variable}`"))?;
            }
        }
        Ok(values)
    }

    fn add_url(&mut self, url: &NetworkUrl) -> Result<()> {
        let place = || "the URL".to_owned();
        for (key, value) in url.query.iter().rev() {
            // JDBC's way to write it, which libpq reads too.
            let (key, value) = match (key.as_str(), value.as_str()) {
                ("ssl", "true") => ("sslmode", "require"),
                (key, value) => (key, value),
            };
            let parameter = parameter::find(key).ok_or_else(|| parameter::unknown(key, url.query_is_suspect))?;
            self.add(parameter, value.to_owned(), place())?;
        }
        let hosts: Vec<&str> = url.hosts.iter().map(|host| host.host.as_str()).collect();
        let ports: Vec<String> = url.hosts.iter().map(|h| h.port.map_or(String::new(), |p| p.to_string())).collect();
        let ports = if url.hosts.iter().all(|host| host.port.is_none()) { String::new() } else { ports.join(",") };
        let parts = [
            ("host", Some(hosts.join(","))),
            ("port", Some(ports)),
            ("user", url.user.clone()),
            ("password", url.password.as_ref().map(|text| text.expose_secret().to_owned())),
            ("dbname", url.database.clone()),
        ];
        for (name, value) in parts {
            if let (Some(parameter), Some(value)) = (parameter::find(name), value) {
                self.add(parameter, value, place())?;
            }
        }
        Ok(())
    }

    /// Keeps the value unless a nearer place gave one; empty is not given.
    fn add(&mut self, parameter: &'static Parameter, value: String, place: String) -> Result<()> {
        if value.is_empty() {
            return Ok(());
        }
        if parameter.treatment == Treatment::Refused {
            let message = format!("msr does not support the connection parameter `{}`", parameter.name);
            return Err(Error::config(message).detail(format!("it comes from {place}")));
        }
        self.0.entry(parameter.name).or_insert((value, place));
        Ok(())
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|(value, _)| value.as_str())
    }

    fn owned(&self, name: &str) -> Option<String> {
        self.get(name).map(str::to_owned)
    }

    fn wrong(&self, name: &str, why: &str) -> Error {
        let place = self.0.get(name).map_or("", |(_, place)| place);
        Error::config(format!("the connection parameter `{name}` can't be used: {why}"))
            .detail(format!("it comes from {place}"))
    }

    fn number(&self, name: &str) -> Result<Option<u32>> {
        let Some(text) = self.get(name) else { return Ok(None) };
        // Negative means "the default" in libpq, as zero does.
        let number: i32 = text.trim().parse().map_err(|_| self.wrong(name, "it is no number"))?;
        Ok(Some(number.max(0).unsigned_abs()))
    }

    fn one_of<T: Copy>(&self, name: &str, known: &[(&str, T)]) -> Result<Option<T>> {
        let Some(text) = self.get(name) else { return Ok(None) };
        let words: Vec<&str> = known.iter().map(|(word, _)| *word).collect();
        let found = words.iter().position(|word| *word == text);
        found
            .map(|at| Some(known[at].1))
            .ok_or_else(|| self.wrong(name, &format!("it is none of {}", words.join(", "))))
    }

    fn tls13_only(&self) -> Result<bool> {
        let versions = [("TLSv1", false), ("TLSv1.1", false), ("TLSv1.2", false), ("TLSv1.3", true)];
        Ok(self.one_of("ssl_min_protocol_version", &versions)?.unwrap_or(false))
    }

    fn endpoints(&self) -> Result<Vec<Endpoint>> {
        let list = |name| self.get(name).map_or(vec![], |text| text.split(',').collect());
        let (hosts, addresses, ports): (Vec<&str>, Vec<&str>, Vec<&str>) =
            (list("host"), list("hostaddr"), list("port"));
        let count = hosts.len().max(addresses.len()).max(1);
        if !hosts.is_empty() && !addresses.is_empty() && hosts.len() != addresses.len() {
            return Err(self.wrong("hostaddr", "it must have as many entries as `host`"));
        }
        if ports.len() > 1 && ports.len() != count {
            return Err(self.wrong("port", "there must be one for all hosts, or one for each"));
        }
        let one = |i: usize| {
            let port = match ports.get(i).or(ports.first()).copied().unwrap_or("") {
                "" => DEFAULT_PORT,
                text => text
                    .trim()
                    .parse()
                    .ok()
                    .filter(|port| *port != 0)
                    .ok_or_else(|| self.wrong("port", "no port number"))?,
            };
            let address = match addresses.get(i).copied().unwrap_or("") {
                "" => None,
                text => Some(text.trim().parse().map_err(|_| self.wrong("hostaddr", "it is no IP address"))?),
            };
            let host = host(hosts.get(i).copied().unwrap_or(""), address, port);
            Ok(Endpoint { host, port, password: None })
        };
        (0..count).map(one).collect()
    }

    /// Fills in the passwords; gives the warnings.
    fn passwords(&self, endpoints: &mut [Endpoint], user: &str, database: &str, env: Env) -> Vec<String> {
        if let Some(password) = self.get("password") {
            endpoints.iter_mut().for_each(|endpoint| endpoint.password = Some(SecretString::from(password)));
            return vec![];
        }
        let home = || env("HOME").map(|home| Path::new(&home).join(".pgpass"));
        let Some(path) = self.get("passfile").map(PathBuf::from).or_else(home) else { return vec![] };
        let text = match passfile::read(&path) {
            passfile::PassFile::Absent => return vec![],
            passfile::PassFile::Ignored(why) => return vec![why],
            passfile::PassFile::Text(text) => text,
        };
        for endpoint in endpoints {
            let folder;
            let names: Vec<&str> = match &endpoint.host {
                Host::Tcp { name, .. } => vec![name],
                Host::Socket(path) => {
                    folder = path.display().to_string();
                    // "localhost" stands for the default socket folder, too.
                    let default = SOCKET_FOLDERS.contains(&folder.as_str());
                    [Some(folder.as_str()), default.then_some("localhost")].into_iter().flatten().collect()
                }
            };
            endpoint.password = passfile::password(text.expose_secret(), &names, endpoint.port, database, user);
        }
        vec![]
    }
}

fn host(name: &str, address: Option<IpAddr>, port: u16) -> Host {
    match (name, address) {
        (name, _) if name.starts_with('/') => Host::Socket(name.into()),
        ("", Some(address)) => Host::Tcp { name: address.to_string(), address: Some(address) },
        ("", None) => {
            let socket = format!(".s.PGSQL.{port}");
            let folder = SOCKET_FOLDERS.iter().find(|folder| Path::new(folder).join(&socket).exists());
            folder.map_or_else(|| Host::Tcp { name: "localhost".into(), address: None }, |f| Host::Socket(f.into()))
        }
        (name, address) => Host::Tcp { name: name.to_owned(), address },
    }
}

/// The operating system's name for the user, by the effective user id as in libpq; the variables are the fallback.
fn os_user(env: Env) -> Result<String> {
    let asked = std::process::Command::new("id").arg("-un").output().ok().filter(|output| output.status.success());
    let name = asked.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    let name = name.filter(|name| !name.is_empty()).or_else(|| env("USER")).or_else(|| env("LOGNAME"));
    name.ok_or_else(|| Error::config("the URL names no user, and the operating system has no name for this one"))
}

#[cfg(test)]
#[path = "params_tests.rs"]
mod tests;
