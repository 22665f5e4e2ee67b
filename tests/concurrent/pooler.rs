//! A PgBouncer between msr and the server of the tests.

use super::cluster::as_postgres;
use super::support::{folder, postgres, skip};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

#[derive(Debug, Clone, Copy)]
pub enum Mode {
    Session,
    Transaction,
}

pub struct Pooler {
    process: Child,
    port: u16,
    _folder: tempfile::TempDir,
}

impl Pooler {
    /// `None`, and a skip that is counted, where the program is not to be had.
    pub fn start(mode: Mode) -> Option<Pooler> {
        let test = std::thread::current().name().unwrap_or("test").to_owned();
        let Some(program) = ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer"].into_iter().find(|p| Path::new(p).exists())
        else {
            skip(&test, "the program pgbouncer is not installed");
            return None;
        };
        let server = postgres().expect("a server");
        let folder = folder();
        let free = std::net::TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a port");
        let mode = match mode {
            Mode::Session => "session",
            Mode::Transaction => "transaction",
        };
        let (users, config) = (folder.path().join("users"), folder.path().join("ini"));
        std::fs::write(&users, "\"postgres\" \"\"\n").expect("users");
        let text = format!(
            "[databases]\n* = host={} port=5432 user=postgres\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {}\n\
             unix_socket_dir =\nauth_type = any\nauth_file = {}\npool_mode = {mode}\nmax_client_conn = 500\n\
             default_pool_size = 30\nignore_startup_parameters = extra_float_digits,options\n",
            server.folder.display(),
            free.port(),
            users.display(),
        );
        std::fs::write(&config, text).expect("a configuration");
        // It does not run as root, and reads its files as who it is.
        let _ = Command::new("chmod").args(["-R", "a+rX"]).arg(folder.path()).status();
        let mut command = as_postgres(Path::new(program));
        command.arg("-q").arg(&config).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let process = command.spawn().expect("pgbouncer");
        let begun = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", free.port())).is_err() {
            assert!(begun.elapsed() < Duration::from_secs(20), "pgbouncer did not start");
            std::thread::sleep(Duration::from_millis(20));
        }
        Some(Pooler { process, port: free.port(), _folder: folder })
    }

    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}?sslmode=disable", self.port)
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        // runuser hands SIGTERM on.
        let _ = Command::new("kill").arg(self.process.id().to_string()).status();
        let _ = self.process.wait();
    }
}
