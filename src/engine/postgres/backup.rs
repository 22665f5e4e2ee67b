//! Backups by PostgreSQL's own programs.

use super::conn::{Client, ConnectFor, Host, Params};
use super::local::PLACES;
use crate::engine::Backup;
use crate::settings::DatabaseUrl;
use crate::{Error, Result};
use secrecy::ExposeSecret;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

pub fn backup(url: &DatabaseUrl, file: &Path) -> Result<Backup> {
    let server = Server::of(url, ConnectFor::Read)?;
    let role = server.role();
    let mut arguments = vec!["--format=custom", "--no-password"];
    arguments.extend(role.as_deref());
    arguments.push("--file");
    server.run("pg_dump", &arguments, Some(file))?;
    // The list stands at the beginning; only who reads all of the file knows that the rest is there.
    let whole = ["--file=/dev/null"];
    server.run("pg_restore", &whole, Some(file)).map_err(|e| e.during("the backup can't be read back"))?;
    verified(&server, file)
}

/// Reads the list of contents.
fn verified(server: &Server, file: &Path) -> Result<Backup> {
    let list = server.run("pg_restore", &["--list"], Some(file)).map_err(|e| e.during("the backup can't be read"))?;
    let entries = list.lines().filter(|line| !line.starts_with(';') && !line.is_empty()).count();
    let bytes = std::fs::metadata(file).map_or(0, |file| file.len());
    Ok(Backup { bytes, contents: format!("{entries} entries") })
}

/// All or nothing, in one transaction; with `over` what is there of the same name is dropped first.
pub fn restore(url: &DatabaseUrl, file: &Path, over: bool) -> Result<()> {
    let server = Server::of(url, ConnectFor::Write)?;
    verified(&server, file)?;
    // The name stands in a connection string, where it could else mean more than a name.
    let name = server.params.database.replace('\\', "\\\\").replace('\'', "\\'");
    let database = format!("--dbname=dbname='{name}'");
    let mut arguments = vec!["--exit-on-error", "--single-transaction", "--no-password", &database];
    let role = server.role();
    arguments.extend(role.as_deref());
    if over {
        arguments.extend(["--clean", "--if-exists"]);
    }
    server.run("pg_restore", &arguments, Some(file)).map(drop)
}

/// A server, and how its programs reach it.
struct Server {
    params: Params,
    major: u32,
    write: bool,
}

impl Server {
    fn of(url: &DatabaseUrl, how: ConnectFor) -> Result<Server> {
        let params = Params::resolve(url, &|name| std::env::var(name).ok())?;
        let major = Client::connect_with(&params, how)?.server_version_num() / 10_000;
        Ok(Server { params, major, write: how == ConnectFor::Write })
    }

    /// As both programs are told whom to act as.
    fn role(&self) -> Option<String> {
        self.params.role.as_ref().map(|role| format!("--role={role}"))
    }

    /// What the program printed. All that it needs to connect stands in its environment, which other users can't read as they
    /// can its arguments.
    fn run(&self, name: &str, arguments: &[&str], file: Option<&Path>) -> Result<String> {
        let program = found(name, self.major)?;
        let mut command = Command::new(&program);
        command.env_clear().envs(self.environment());
        for kept in ["PATH", "LD_LIBRARY_PATH", "TMPDIR"] {
            command.envs(std::env::var_os(kept).map(|value| (kept, value)));
        }
        let output = command.args(arguments).args(file).stdin(Stdio::null()).output();
        let output = output.map_err(|e| Error::failed(format!("cannot run `{}`: {e}", program.display())))?;
        match output.status.success() {
            true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
            false => Err(failed(name, &output)),
        }
    }

    fn environment(&self) -> Vec<(&'static str, String)> {
        let p = &self.params;
        let list = |of: &dyn Fn(usize) -> String| (0..p.endpoints.len()).map(of).collect::<Vec<_>>().join(",");
        let host = |i: usize| match &p.endpoints[i].host {
            Host::Socket(folder) => folder.display().to_string(),
            Host::Tcp { name, .. } => name.clone(),
        };
        let address = |i: usize| match &p.endpoints[i].host {
            Host::Tcp { address: Some(address), .. } => address.to_string(),
            _ => String::new(),
        };
        let mut all = vec![
            ("PGHOST", list(&host)),
            ("PGPORT", list(&|i| p.endpoints[i].port.to_string())),
            ("PGUSER", p.user.clone()),
            ("PGDATABASE", p.database.clone()),
            ("PGAPPNAME", p.application_name.clone()),
            ("LC_ALL", "C.UTF-8".into()),
        ];
        if (0..p.endpoints.len()).any(|i| !address(i).is_empty()) {
            all.push(("PGHOSTADDR", list(&address)));
        }
        if self.write {
            all.push(("PGTARGETSESSIONATTRS", "read-write".into()));
        }
        // On a socket no mode matters; among several hosts the first of the others decides.
        let over_net = p.endpoints.iter().find(|e| matches!(e.host, Host::Tcp { .. }));
        all.extend(over_net.map(|endpoint| ("PGSSLMODE", p.ssl_mode(endpoint).word().to_string())));
        let password = p.endpoints.iter().find_map(|e| e.password.as_ref());
        all.extend(password.map(|password| ("PGPASSWORD", password.expose_secret().to_string())));
        let path = |path: &PathBuf| path.display().to_string();
        let root = p.ssl_root.as_ref().map(|root| match root {
            super::conn::SslRoot::System => "system".to_string(),
            super::conn::SslRoot::File(file) => path(file),
        });
        let given = [
            ("PGSSLROOTCERT", root),
            ("PGSSLCERT", p.ssl_cert.as_ref().map(path)),
            ("PGSSLKEY", p.ssl_key.as_ref().map(path)),
            ("PGOPTIONS", p.options.clone()),
            ("PGCHANNELBINDING", p.channel_binding.clone()),
            ("PGCONNECT_TIMEOUT", p.connect_timeout.map(|t| t.as_secs().to_string())),
        ];
        all.extend(given.into_iter().filter_map(|(name, value)| Some((name, value?))));
        all
    }
}

fn failed(name: &str, output: &Output) -> Error {
    let said = String::from_utf8_lossy(&output.stderr);
    let mut lines: Vec<&str> = said.lines().filter(|line| !line.is_empty()).collect();
    let last = lines.len().saturating_sub(8);
    let error = Error::failed(format!("`{name}` failed"));
    lines.drain(last..).fold(error, Error::detail)
}

/// Of those on the path and where packages put them, the one whose version is nearest to the server's.
fn found(name: &str, major: u32) -> Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut places: Vec<PathBuf> = std::env::split_paths(&path).collect();
    for place in PLACES {
        places.extend(std::fs::read_dir(place).into_iter().flatten().flatten().map(|e| e.path().join("bin")));
    }
    let programs = places.into_iter().map(|place| place.join(name)).filter(|program| program.is_file());
    let (mut fitting, unfit): (Vec<_>, Vec<_>) = programs
        .map(|program| (version(&program).unwrap_or_default(), program))
        .partition(|(version, _)| fits(*version, major));
    fitting.sort_by_key(|(version, _)| *version);
    if let Some((_, program)) = fitting.into_iter().next() {
        return Ok(program);
    }
    let error = match unfit.is_empty() {
        true => Error::config(format!("the program `{name}` is not installed")),
        false => Error::config(format!("no `{name}` fits this server, which is PostgreSQL {major}")),
    };
    let said = |(version, program): &(u32, PathBuf)| format!("`{}` is of version {version}", program.display());
    let error = unfit.iter().map(said).fold(error, Error::detail);
    Err(error.hint(format!("install the client programs of PostgreSQL {major}, and put them on the PATH")))
}

/// Whether what the program writes can be read back into the server: it may not be older than that
/// (<https://www.postgresql.org/docs/current/app-pgdump.html>, Notes), and from 17 on `pg_restore` sets `transaction_timeout`,
/// which no server before it knows.
fn fits(version: u32, major: u32) -> bool {
    version >= major && (version < 17 || major >= 17)
}

/// `pg_dump (PostgreSQL) 15.14 (Debian 15.14-1)`
pub(super) fn version(program: &Path) -> Option<u32> {
    let output = Command::new(program).arg("--version").stdin(Stdio::null()).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let number = text.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
    number.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    #[test]
    fn programs_fit_servers_that_know_what_they_set() {
        let fitting = |major| (12..20).filter(|version| super::fits(*version, major)).collect::<Vec<u32>>();
        assert_eq!(fitting(14), [14, 15, 16]);
        assert_eq!(fitting(16), [16]);
        assert_eq!(fitting(17), [17, 18, 19]);
    }
}
