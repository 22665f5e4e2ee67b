//! A throw-away server from the programs that are installed on this machine.

use super::conn::Params;
use crate::settings::DatabaseUrl;
use crate::{Error, Result};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// Stopped, and its folder removed, when dropped.
pub struct LocalServer {
    programs: PathBuf,
    folder: TempDir,
    /// PostgreSQL refuses to run as root, so there another user runs it.
    as_user: Option<&'static str>,
}

/// Where packages put the programs.
pub(super) const PLACES: &[&str] =
    &["/usr/lib/postgresql", "/usr/local/lib/postgresql", "/opt/homebrew/opt", "/usr/pgsql"];

impl LocalServer {
    /// A server of the given major version, or of the newest that is installed.
    pub fn start(major: Option<u32>) -> Result<LocalServer> {
        let programs = programs(major)?;
        let folder = tempfile::Builder::new()
            .prefix("msr-scratch-")
            .tempdir()
            .map_err(io("cannot make a folder for a throw-away server"))?;
        let as_user = is_root().then_some("postgres");
        let server = LocalServer { programs, folder, as_user };
        if as_user.is_some() {
            server.run("chown", Command::new("chown").args(["postgres"]).arg(server.folder.path()))?;
        }
        let data = server.data();
        server.program(
            "initdb",
            &["-D", &data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N"],
        )?;
        let options = format!(
            "-k {} -c listen_addresses='' -c fsync=off -c full_page_writes=off -c synchronous_commit=off -c wal_level=minimal \
             -c max_wal_senders=0 -c autovacuum=off -c max_connections=20 -c max_locks_per_transaction=1024",
            server.folder.path().display()
        );
        let log = format!("{data}/log");
        server.program("pg_ctl", &["-D", &data, "-l", &log, "-w", "-o", &options, "start"])?;
        Ok(server)
    }

    pub fn params(&self) -> Result<Params> {
        let url = format!("postgres:///postgres?host={}&user=postgres", self.folder.path().display());
        Params::resolve(&DatabaseUrl::parse(&url)?, &|_| None)
    }

    fn data(&self) -> String {
        self.folder.path().join("data").display().to_string()
    }

    fn program(&self, name: &str, arguments: &[&str]) -> Result<()> {
        let path = self.programs.join(name);
        let mut command = match self.as_user {
            Some(user) => {
                let mut command = Command::new("runuser");
                command.args(["-u", user, "--"]).arg(path);
                command
            }
            None => Command::new(path),
        };
        self.run(name, command.args(arguments))
    }

    fn run(&self, name: &str, command: &mut Command) -> Result<()> {
        let log =
            tempfile::NamedTempFile::new().map_err(io("cannot make a file for a throw-away server's messages"))?;
        let file = log.reopen().map_err(io("cannot open a file for a throw-away server's messages"))?;
        // Its own files, not pipes: a server that stays would keep a pipe open, and this would wait for ever.
        let errors = file.try_clone().map_err(io("cannot open a file for a throw-away server's messages"))?;
        let status = command.current_dir("/").env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        let status = status
            .stdin(Stdio::null())
            .stdout(file)
            .stderr(errors)
            .status()
            .map_err(io("cannot run a server's program"))?;
        if status.success() {
            return Ok(());
        }
        let said = std::fs::read_to_string(log.path()).unwrap_or_default();
        Err(Error::failed(format!("`{name}` failed: {}", said.lines().last().unwrap_or("no message"))))
    }
}

impl Drop for LocalServer {
    fn drop(&mut self) {
        let _ = self.program("pg_ctl", &["-D", &self.data(), "-m", "immediate", "-w", "stop"]);
    }
}

fn io(what: &'static str) -> impl Fn(std::io::Error) -> Error {
    move |e| Error::failed(format!("{what}: {e}"))
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|m| std::os::unix::fs::MetadataExt::uid(&m) == 0)
}

/// The folder that has `initdb` and `pg_ctl` of that major version.
fn programs(major: Option<u32>) -> Result<PathBuf> {
    let mut found: Vec<(u32, PathBuf)> = Vec::new();
    for place in PLACES {
        let folders = std::fs::read_dir(place).into_iter().flatten().flatten();
        for folder in folders {
            let name = folder.file_name().to_string_lossy().to_string();
            let number = name.trim_start_matches(|c: char| !c.is_ascii_digit()).parse();
            let bin = folder.path().join("bin");
            if let (Ok(number), true) = (number, is_program(&bin.join("initdb"))) {
                found.push((number, bin));
            }
        }
    }
    found.sort();
    let fits = |(number, _): &&(u32, PathBuf)| major.is_none_or(|m| m == *number);
    match (found.iter().rfind(fits), major) {
        (Some((_, bin)), _) => Ok(bin.clone()),
        (None, Some(major)) if let Some(bin) = on_path(major) => Ok(bin),
        (None, Some(major)) => Err(Error::failed(format!("no server programs of PostgreSQL {major} are installed"))),
        (None, None) => Err(Error::failed("no server programs of PostgreSQL are installed")),
    }
}

/// Where a package manager that msr does not know put them.
fn on_path(major: u32) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let of_major = |bin: &PathBuf| {
        let (initdb, control) = (bin.join("initdb"), bin.join("pg_ctl"));
        is_program(&initdb) && is_program(&control) && super::backup::version(&initdb) == Some(major)
    };
    std::env::split_paths(&path).find(of_major)
}

fn is_program(path: &Path) -> bool {
    path.is_file()
}
