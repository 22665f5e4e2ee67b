//! The connection parameters of libpq, and what msr does with each.
//!
//! From <https://www.postgresql.org/docs/18/libpq-connect.html#LIBPQ-PARAMKEYWORDS> and
//! <https://www.postgresql.org/docs/18/libpq-envars.html>.

use Treatment::{Ignored, Refused, Used};

use crate::Error;
use crate::error::closest;

/// One parameter.
pub struct Parameter {
    pub name: &'static str,
    pub variable: Option<&'static str>,
    pub treatment: Treatment,
}

/// What becomes of a parameter that is given.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Treatment {
    Used,
    /// Harmless without effect: it tunes what msr decides itself, or what this client does not have.
    Ignored,
    /// Ignoring it would connect with less protection than was asked for, or to something else.
    Refused,
}

const fn parameter(name: &'static str, variable: &'static str, treatment: Treatment) -> Parameter {
    let variable = if variable.is_empty() { None } else { Some(variable) };
    Parameter { name, variable, treatment }
}

pub const PARAMETERS: &[Parameter] = &[
    parameter("host", "PGHOST", Used),
    parameter("hostaddr", "PGHOSTADDR", Used),
    parameter("port", "PGPORT", Used),
    parameter("dbname", "PGDATABASE", Used),
    parameter("user", "PGUSER", Used),
    parameter("password", "PGPASSWORD", Used),
    parameter("passfile", "PGPASSFILE", Used),
    parameter("service", "PGSERVICE", Used),
    parameter("servicefile", "PGSERVICEFILE", Used),
    parameter("options", "PGOPTIONS", Used),
    parameter("application_name", "PGAPPNAME", Used),
    parameter("fallback_application_name", "", Used),
    parameter("connect_timeout", "PGCONNECT_TIMEOUT", Used),
    parameter("target_session_attrs", "PGTARGETSESSIONATTRS", Used),
    parameter("channel_binding", "PGCHANNELBINDING", Used),
    parameter("sslmode", "PGSSLMODE", Used),
    parameter("sslrootcert", "PGSSLROOTCERT", Used),
    parameter("sslcert", "PGSSLCERT", Used),
    parameter("sslkey", "PGSSLKEY", Used),
    parameter("keepalives", "", Used),
    parameter("keepalives_idle", "", Used),
    parameter("keepalives_interval", "", Used),
    parameter("keepalives_count", "", Used),
    parameter("tcp_user_timeout", "", Used),
    // msr sets UTF8.
    parameter("client_encoding", "PGCLIENTENCODING", Ignored),
    parameter("sslcompression", "PGSSLCOMPRESSION", Ignored),
    parameter("sslsni", "PGSSLSNI", Ignored),
    parameter("sslnegotiation", "PGSSLNEGOTIATION", Ignored),
    parameter("load_balance_hosts", "PGLOADBALANCEHOSTS", Ignored),
    parameter("min_protocol_version", "PGMINPROTOCOLVERSION", Ignored),
    parameter("max_protocol_version", "PGMAXPROTOCOLVERSION", Ignored),
    parameter("krbsrvname", "PGKRBSRVNAME", Ignored),
    parameter("gsslib", "PGGSSLIB", Ignored),
    parameter("gssdelegation", "PGGSSDELEGATION", Ignored),
    parameter("gssencmode", "PGGSSENCMODE", Used),
    parameter("ssl_min_protocol_version", "PGSSLMINPROTOCOLVERSION", Used),
    parameter("ssl_max_protocol_version", "PGSSLMAXPROTOCOLVERSION", Ignored),
    parameter("sslkeylogfile", "", Refused),
    parameter("sslpassword", "", Refused),
    parameter("sslcertmode", "PGSSLCERTMODE", Refused),
    parameter("sslcrl", "PGSSLCRL", Refused),
    parameter("sslcrldir", "PGSSLCRLDIR", Refused),
    parameter("requirepeer", "PGREQUIREPEER", Refused),
    parameter("require_auth", "PGREQUIREAUTH", Refused),
    parameter("requiressl", "PGREQUIRESSL", Refused),
    parameter("replication", "", Refused),
    parameter("scram_client_key", "", Refused),
    parameter("scram_server_key", "", Refused),
    parameter("oauth_issuer", "", Refused),
    parameter("oauth_client_id", "", Refused),
    parameter("oauth_client_secret", "", Refused),
    parameter("oauth_scope", "", Refused),
];

pub fn find(name: &str) -> Option<&'static Parameter> {
    PARAMETERS.iter().find(|parameter| parameter.name == name)
}

/// The error about a name that is not in the table. It names it only when it can't be a piece of a password.
pub fn unknown(name: &str, suspect: bool) -> Error {
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if suspect || !plain {
        return Error::config("the database URL has a parameter that libpq does not know")
            .hint("percent-encode `@`, `/` and `?` in the password: %40, %2F, %3F");
    }
    let known: Vec<&str> = PARAMETERS.iter().map(|parameter| parameter.name).collect();
    let error = Error::config(format!("the database URL has a parameter that libpq does not know: `{name}`"));
    match closest(name, &known) {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_twice() {
        let mut names: Vec<&str> = PARAMETERS.iter().flat_map(|p| [Some(p.name), p.variable]).flatten().collect();
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]));
    }
}
