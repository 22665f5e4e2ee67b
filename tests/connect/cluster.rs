//! A throw-away cluster in a folder of its own.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

pub struct Cluster {
    pub folder: tempfile::TempDir,
    bin: PathBuf,
    pub port: u16,
}

pub fn initdb_folder() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
    let mut folders: Vec<PathBuf> = versions.flatten().map(|entry| entry.path().join("bin")).collect();
    folders.sort();
    folders.into_iter().rev().find(|folder| folder.join("initdb").exists())
}

/// PostgreSQL refuses to run as root.
pub fn as_postgres(program: &Path) -> Command {
    let root = Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.starts_with(b"0\n"));
    if !root {
        return Command::new(program);
    }
    let mut command = Command::new("runuser");
    command.args(["-u", "postgres", "--"]).arg(program);
    command
}

pub fn run(command: &mut Command) {
    let output = command.stdin(Stdio::null()).output().unwrap_or_else(|e| panic!("{command:?}: {e}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

impl Cluster {
    pub fn start(bin: PathBuf) -> Cluster {
        let folder = tempfile::Builder::new().prefix("msr").tempdir_in("/tmp").expect("a folder");
        run(Command::new("chmod").arg("777").arg(folder.path()));
        let free = std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let cluster = Cluster { folder, bin, port: free.expect("a port").port() };
        let data = cluster.path("data");
        run(as_postgres(&cluster.bin.join("initdb"))
            .args(["-U", "postgres", "-A", "trust", "-E", "UTF8", "-N", "-D"])
            .arg(&data));
        cluster.certificate();
        let hba = "local all scram scram-sha-256\nlocal all all trust\nhostssl all scram all scram-sha-256\n\
                   hostnossl all tls all reject\nhost all all all trust\n";
        run(as_postgres(Path::new("sh")).arg("-c").arg(format!("printf '{hba}' > {}/pg_hba.conf", data.display())));
        let settings = format!(
            "-c listen_addresses=localhost -c port={} -c unix_socket_directories={} -c fsync=off -c ssl=on \
             -c ssl_cert_file={} -c ssl_key_file={}",
            cluster.port,
            cluster.folder.path().display(),
            cluster.path("server.crt").display(),
            cluster.path("server.key").display(),
        );
        run(as_postgres(&cluster.bin.join("pg_ctl"))
            .args(["-w", "-s", "-D"])
            .arg(&data)
            .arg("-l")
            .arg(cluster.path("log"))
            .args(["-o", &settings, "start"])
            .stdout(Stdio::null())
            .stderr(Stdio::null()));
        cluster
    }

    /// A self-signed one, as many servers have: `openssl req -x509` makes a CA's.
    fn certificate(&self) {
        run(as_postgres(Path::new("openssl"))
            .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"])
            .args(["-addext", "subjectAltName=DNS:localhost", "-keyout"])
            .arg(self.path("server.key"))
            .arg("-out")
            .arg(self.path("server.crt")));
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn socket(&self, user: &str, database: &str) -> String {
        format!("postgres:///{database}?host={}&port={}&user={user}", self.folder.path().display(), self.port)
    }

    pub fn tcp(&self, user: &str, query: &str) -> String {
        format!("postgres://{user}@localhost:{}/postgres?{query}", self.port)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let data = self.path("data");
        let _ = as_postgres(&self.bin.join("pg_ctl"))
            .args(["-w", "-s", "-m", "immediate", "-D"])
            .arg(data)
            .arg("stop")
            .output();
        // The server's files are another user's.
        let _ =
            as_postgres(Path::new("sh")).arg("-c").arg(format!("rm -rf {}/*", self.folder.path().display())).output();
    }
}
