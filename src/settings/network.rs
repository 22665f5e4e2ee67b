//! The grammar of a network URL: `scheme://user:password@host:port,host:port/database?key=value`.
//!
//! Written by hand rather than with a URL crate for two reasons: several hosts and socket folders are legal for
//! PostgreSQL (<https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS>) and for no
//! generic URL, and people paste passwords without encoding them. Where such a URL has one reading it is accepted;
//! where it has two it is refused, because guessing wrong would send half a password to a name server.
//!
//! No error from here quotes any part of the URL.

use secrecy::SecretString;

use crate::{Error, Result};

/// A network URL taken apart and percent-decoded. Deliberately without `Debug`: the query may hold a password too.
pub struct NetworkUrl {
    pub user: Option<String>,
    pub password: Option<SecretString>,
    /// In the order written; an empty host stands for "not said".
    pub hosts: Vec<HostPort>,
    /// The path without its first slash; `None` when empty.
    pub database: Option<String>,
    /// Decoded, in the order written.
    pub query: Vec<(String, String)>,
    /// A raw `@` stands in the query: what looks like a parameter's name may be a piece of an unencoded password,
    /// so its name is not safe to show.
    pub query_is_suspect: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostPort {
    pub host: String,
    pub port: Option<u16>,
}

const ENCODE: &str = "percent-encode special characters of the user name and the password: \
     `@` is %40, `/` is %2F, `:` is %3A, `?` is %3F, `#` is %23, `%` is %25, a line break is %0A";

fn wrong(why: &str) -> Error {
    Error::config(format!("the database URL can't be read: {why}")).hint(ENCODE)
}

impl NetworkUrl {
    /// Takes apart what follows `scheme://`.
    pub fn parse(rest: &str) -> Result<NetworkUrl> {
        let (before, query) = match rest.split_once('?') {
            Some((before, query)) => (before, Some(query)),
            None => (rest, None),
        };
        let query_is_suspect = query.is_some_and(|query| query.contains('@'));
        let (userinfo, hosts, path) = split(before)?;
        if query_is_suspect && (userinfo.is_some() || hosts.contains(':')) {
            // `user:12?34@host/db`: the password's own `?` may have cut the URL in two.
            return Err(wrong("there is an `@` after the `?`, so it has more than one reading"));
        }
        let (user, password) = match userinfo.map(|text| text.split_once(':').unwrap_or((text, ""))) {
            Some((user, password)) => (decode(user)?, decode(password)?),
            None => (String::new(), String::new()),
        };
        Ok(NetworkUrl {
            user: Some(user).filter(|text| !text.is_empty()),
            password: Some(password).filter(|text| !text.is_empty()).map(SecretString::from),
            hosts: host_list(hosts)?,
            database: Some(decode(path)?).filter(|text| !text.is_empty()),
            query: query_pairs(query.unwrap_or(""))?,
            query_is_suspect,
        })
    }

    /// The last value given for a query key: a repeated key overrides, as in libpq.
    pub fn query_value(&self, key: &str) -> Option<&str> {
        self.query.iter().rev().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// The URL as it may be shown: who, where, which database, and nothing else.
    pub fn shown(&self, scheme: &str) -> String {
        let user = self.user.as_deref().or(self.query_value("user"));
        let hosts: Vec<String> = self.hosts.iter().map(HostPort::shown).collect();
        let database = self.database.as_deref().or(self.query_value("dbname"));
        let mut shown = format!("{scheme}://");
        if let Some(user) = user {
            shown += &encode(user);
            shown.push('@');
        }
        shown += &hosts.join(",");
        if let Some(database) = database {
            shown.push('/');
            shown += &encode(database);
        }
        let places: Vec<String> = ["host", "port", "socket"]
            .iter()
            .filter_map(|key| self.query_value(key).map(|value| format!("{key}={}", encode(value))))
            .collect();
        if !places.is_empty() && !self.query_is_suspect {
            if database.is_none() {
                shown.push('/');
            }
            shown += &format!("?{}", places.join("&"));
        }
        shown
    }
}

impl HostPort {
    fn shown(&self) -> String {
        let host = match self.host.contains(':') {
            true => format!("[{}]", encode(&self.host).replace("%3A", ":")),
            false if self.host.starts_with('/') => encode(&self.host).replace('/', "%2F"),
            false => encode(&self.host),
        };
        match self.port {
            Some(port) => format!("{host}:{port}"),
            None => host,
        }
    }
}

/// User info, hosts and path of a URL without its query.
///
/// The last `@` before the path ends the user info, so `@`, `#` and `:` may stand raw in a password. A raw `/` may
/// too, if what stands before it can't be a list of hosts (`app:s/cret@host/db`).
fn split(text: &str) -> Result<(Option<&str>, &str, &str)> {
    let (authority, path) = text.split_once('/').unwrap_or((text, ""));
    let (userinfo, hosts) = match authority.rsplit_once('@') {
        Some((userinfo, hosts)) => (Some(userinfo), hosts),
        None => (None, authority),
    };
    if !path.contains('@') {
        return Ok((userinfo, hosts, path));
    }
    if host_list(hosts).is_ok() {
        return Err(wrong("there is an `@` after the first `/`, so it has more than one reading"));
    }
    let (userinfo, rest) = text.rsplit_once('@').unwrap_or(("", text));
    let (hosts, path) = rest.split_once('/').unwrap_or((rest, ""));
    Ok((Some(userinfo), hosts, path))
}

fn host_list(text: &str) -> Result<Vec<HostPort>> {
    match text.is_empty() {
        true => Ok(vec![]),
        false => text.split(',').map(host_port).collect(),
    }
}

fn host_port(text: &str) -> Result<HostPort> {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (host, after) = rest.split_once(']').ok_or_else(|| wrong("a `[` without its `]`"))?;
            if host.parse::<std::net::Ipv6Addr>().is_err() && !host.contains('%') {
                return Err(wrong("what stands in `[…]` is no IPv6 address"));
            }
            match after {
                "" => (host.to_owned(), ""),
                _ => (host.to_owned(), after.strip_prefix(':').ok_or_else(|| wrong("text after `]`"))?),
            }
        }
        None => {
            let (host, port) = text.split_once(':').unwrap_or((text, ""));
            if host.contains(['@', '[', ']', ' ']) {
                return Err(wrong("the host has a character that no host has"));
            }
            (decode(host)?, port)
        }
    };
    let port = match port {
        "" => None,
        digits => {
            Some(digits.parse().ok().filter(|port| *port > 0).ok_or_else(|| wrong("the port is no port number"))?)
        }
    };
    Ok(HostPort { host, port })
}

fn query_pairs(text: &str) -> Result<Vec<(String, String)>> {
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (key, value) = pair.split_once('=').ok_or_else(|| wrong("a parameter after the `?` has no `=`"))?;
            Ok((decode(key)?, decode(value)?))
        })
        .collect()
}

fn decode(text: &str) -> Result<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        if byte != b'%' {
            bytes.push(byte);
            rest = after;
            continue;
        }
        let digits = after.get(..2).filter(|pair| pair.iter().all(u8::is_ascii_hexdigit));
        let digits = digits.and_then(|pair| std::str::from_utf8(pair).ok());
        let value = digits.and_then(|pair| u8::from_str_radix(pair, 16).ok());
        match value.ok_or_else(|| wrong("a `%` is not followed by two hexadecimal digits"))? {
            0 => return Err(wrong("%00 is not allowed")),
            value => bytes.push(value),
        }
        rest = &after[2..];
    }
    String::from_utf8(bytes).map_err(|_| wrong("decoded, it is no UTF-8"))
}

/// Percent-encodes all but what is plain in a URL and on a terminal.
fn encode(text: &str) -> String {
    let mut encoded = String::new();
    for c in text.chars() {
        if c.is_alphanumeric() || "-._~/,".contains(c) {
            encoded.push(c);
            continue;
        }
        let mut buffer = [0; 4];
        c.encode_utf8(&mut buffer).bytes().for_each(|byte| encoded += &format!("%{byte:02X}"));
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    fn password(rest: &str) -> String {
        let url = NetworkUrl::parse(rest).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(url.hosts[0].host, "host");
        assert_eq!(url.database.as_deref(), Some("db"));
        url.password.map(|text| text.expose_secret().to_owned()).unwrap_or_default()
    }

    #[test]
    fn encoded_passwords() {
        assert_eq!(password("u:a%40b%23c%2Fd%3Ae%25f%3Fg%0Ah@host/db"), "a@b#c/d:e%f?g\nh");
    }

    #[test]
    fn raw_passwords_with_one_reading() {
        assert_eq!(password("u:a@b#c:d@host/db"), "a@b#c:d");
        assert_eq!(password("u:s/cret@host:5432/db?sslmode=disable"), "s/cret");
        assert_eq!(password("u:s/c@r:e#t@host/db"), "s/c@r:e#t");
    }

    #[test]
    fn two_readings_are_refused_and_nothing_is_quoted() {
        for rest in [
            "u:p@a/sesame@host/db",
            "u:12/sesame@host/db",
            "u:12?sesame@host/db",
            "u:sesame%@host/db",
            "u:sesame?x@host/db",
        ] {
            let error = NetworkUrl::parse(rest).err().map(|e| e.to_string()).unwrap_or_default();
            assert!(error.contains("percent-encode"), "{rest}: {error}");
            assert!(!error.contains("sesame"), "{error}");
        }
    }

    #[test]
    fn several_hosts_and_ipv6() {
        let url = NetworkUrl::parse("u@a:1,b,[::1]:3/db").unwrap_or_else(|e| panic!("{e}"));
        let ports: Vec<_> = url.hosts.iter().map(|h| (h.host.as_str(), h.port)).collect();
        assert_eq!(ports, [("a", Some(1)), ("b", None), ("::1", Some(3))]);
        assert_eq!(url.shown("postgres"), "postgres://u@a:1,b,[::1]:3/db");
    }

    #[test]
    fn socket_in_query_and_host() {
        let url =
            NetworkUrl::parse("/db?host=/run/pg&port=5433&user=me&password=sesame").unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(url.shown("postgres"), "postgres://me@/db?host=/run/pg&port=5433");
        let url = NetworkUrl::parse("%2Frun%2Fpg/db").unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(url.hosts[0].host, "/run/pg");
        assert_eq!(url.shown("postgres"), "postgres://%2Frun%2Fpg/db");
    }

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        let url = NetworkUrl::parse("a%1B%5B31mb@h/d%0Ae").unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(url.shown("postgres"), "postgres://a%1B%5B31mb@h/d%0Ae");
    }

    proptest::proptest! {
        /// A password is read as it is, or the URL is refused without a word of it; never is a piece of it taken for
        /// the host, and so shown or looked up.
        #[test]
        fn no_password_is_misread(password in "[a-z0-9@#/:?=&,\\[\\]%]{0,12}", query in "(\\?sslmode=disable)?") {
            match NetworkUrl::parse(&format!("u:{password}@host/db{query}")) {
                Ok(url) => {
                    proptest::prop_assert_eq!(&url.shown("postgres"), "postgres://u@host/db");
                    if !password.contains('%') {
                        let read = url.password.map(|text| text.expose_secret().to_owned()).unwrap_or_default();
                        proptest::prop_assert_eq!(read, password);
                    }
                }
                Err(e) => proptest::prop_assert!(e.to_string().contains("percent-encode")),
            }
        }

        #[test]
        fn any_password_survives_encoding(secret in ".*") {
            if !secret.contains('\0') && !secret.is_empty() {
                let encoded: String = secret.bytes().map(|byte| format!("%{byte:02x}")).collect();
                proptest::prop_assert_eq!(password(&format!("u:{encoded}@host/db")), secret);
            }
        }

        #[test]
        fn nothing_panics(text in ".*") {
            let _ = NetworkUrl::parse(&text);
            let _ = crate::settings::DatabaseUrl::parse(&format!("postgres://{text}"));
        }
    }
}
