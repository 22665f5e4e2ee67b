//! A private PostgreSQL cluster for one test process.

use std::cell::Cell;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

/// Roles that fixtures may name: roles belong to the cluster, so no case makes its own.
pub const ROLES: [&str; 3] = ["app", "app_owner", "reader"];

pub struct Postgres {
    pub bin: PathBuf,
    pub folder: PathBuf,
    /// Holds the watchdog's standard input open: it is closed when this process is gone.
    _watchdog: Child,
}

thread_local! {
    static OWN: Cell<Option<&'static Postgres>> = const { Cell::new(None) };
}

/// Started by the first who asks, stopped when the process ends; or this thread's own.
pub fn postgres() -> Result<&'static Postgres, String> {
    static SERVER: OnceLock<Result<Postgres, String>> = OnceLock::new();
    OWN.get().map_or_else(|| SERVER.get_or_init(|| start("", "", None)).as_ref().map_err(Clone::clone), Ok)
}

/// Another server beside the one of the process, in memory where there is room for it, stopped when the process ends.
pub fn another() -> Result<&'static Postgres, String> {
    another_with("")
}

/// One more, with these of its settings (`-c name=value`).
pub fn another_with(settings: &str) -> Result<&'static Postgres, String> {
    Ok(Box::leak(Box::new(start("memory", settings, None)?)))
}

/// From now on this thread's server is that one.
pub fn use_server(server: &'static Postgres) {
    OWN.set(Some(server));
}

/// `initdb` or a copy of another server to follow it, start, wait for the end of standard input, stop, remove. SIGKILL of the
/// test process ends it too: the kernel closes the pipe. The trap keeps a Ctrl-C from reaching the watchdog before the test process.
const WATCHDOG: &str = r#"
trap '' INT TERM HUP
as=; [ "$(id -u)" = 0 ] && as="runuser -u postgres --"
in=${TMPDIR:-/tmp}
[ "$2" = memory ] && [ "$(df -Pk /dev/shm 2>/dev/null | awk 'NR == 2 { print $4 }')" -gt 4000000 ] 2>/dev/null && in=/dev/shm
dir=$(mktemp -d "$in/msr-pg-XXXXXX") && chmod 755 "$dir" && cd / || exit 1
[ -n "$as" ] && chown postgres "$dir"
fail() { echo "failed: $1: $(tail -n 5 "$dir/out" | tr '\n' ' ')"; rm -rf "$dir"; exit 1; }
label=
cc -shared -fPIC -DMAJOR="$3" -o "$dir/label.so" "$4" 2>"$dir/out" && label="-c shared_preload_libraries=$dir/label"
if [ -n "$5" ]; then
  $as "$1/pg_basebackup" -h "$5" -p 5432 -U postgres -D "$dir/data" -R -X stream -c fast -N >"$dir/out" 2>&1 || fail pg_basebackup
else
  $as "$1/initdb" -D "$dir/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 -N >"$dir/out" 2>&1 || fail initdb
fi
$as "$1/pg_ctl" -D "$dir/data" -l "$dir/data/log" -w -s -o "-k $dir -p 5432 -c listen_addresses='' -c fsync=off \
  -c full_page_writes=off -c synchronous_commit=off -c wal_level=logical -c max_connections=100 \
  -c max_wal_size=4GB -c autovacuum=off -c jit=off $label $6" start >"$dir/out" 2>&1 || fail pg_ctl
echo "ready: $dir"
exec >/dev/null
cat
$as "$1/pg_ctl" -D "$dir/data" -m immediate -w -s stop
rm -rf "$dir"
"#;

fn start(place: &str, settings: &str, follows: Option<&Postgres>) -> Result<Postgres, String> {
    let bin = bin().ok_or("PostgreSQL is not installed: no initdb under /usr/lib/postgresql, nor MSR_TEST_PG_BIN")?;
    let mut watchdog = Command::new("sh")
        .args(["-c", WATCHDOG, "msr-test-watchdog"])
        .arg(&bin)
        .arg(place)
        .arg(major().to_string())
        .arg(super::repository().join("tests/support/label.c"))
        .args([follows.map_or(&PathBuf::new(), |server| &server.folder)])
        .arg(settings)
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|e| format!("sh: {e}"))?;
    let mut line = String::new();
    let stdout = watchdog.stdout.take().expect("stdout");
    BufReader::new(stdout).read_line(&mut line).map_err(|e| format!("watchdog: {e}"))?;
    let Some(folder) = line.trim_end().strip_prefix("ready: ") else {
        return Err(format!("PostgreSQL did not start: {}", line.trim_end()));
    };
    let server = Postgres { bin, folder: folder.into(), _watchdog: watchdog };
    if follows.is_some() {
        return Ok(server);
    }
    for role in ROLES {
        server.sql("postgres", &format!("CREATE ROLE {role}"))?;
    }
    Ok(server)
}

/// The newest installed, or `MSR_TEST_PG_BIN`.
fn bin() -> Option<PathBuf> {
    if let Some(bin) = std::env::var_os("MSR_TEST_PG_BIN") {
        return Some(bin.into());
    }
    let majors = std::fs::read_dir("/usr/lib/postgresql").ok()?.flatten();
    let newest = majors.filter_map(|e| e.file_name().to_str()?.parse::<u32>().ok()).max()?;
    let bin = PathBuf::from(format!("/usr/lib/postgresql/{newest}/bin"));
    bin.join("initdb").exists().then_some(bin)
}

/// Major version of the server that the tests use; 0 without one.
pub fn major() -> u32 {
    static MAJOR: OnceLock<u32> = OnceLock::new();
    *MAJOR.get_or_init(|| {
        let said = bin().and_then(|bin| Command::new(bin.join("initdb")).arg("--version").output().ok());
        let text = said.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
        let number = text.split_whitespace().find_map(|word| word.split('.').next()?.parse().ok());
        number.unwrap_or(0)
    })
}

impl Postgres {
    pub fn url(&self, database: &str) -> String {
        self.url_as(database, "postgres")
    }

    pub fn url_as(&self, database: &str, role: &str) -> String {
        format!("postgres:///{database}?host={}&port=5432&user={role}", self.folder.display())
    }

    /// A client program of this server's version that talks to this server.
    pub fn program(&self, name: &str) -> Command {
        let mut command = Command::new(self.bin.join(name));
        command.current_dir("/").env("PGHOST", &self.folder).env("PGPORT", "5432").env("PGUSER", "postgres");
        command.env("PGOPTIONS", "-c client_min_messages=error").env_remove("PGDATABASE").env_remove("PGSERVICE");
        command
    }

    /// Runs SQL through psql, stopping at the first error; rows one a line, columns apart by `|`.
    pub fn sql(&self, database: &str, sql: &str) -> Result<String, String> {
        super::run(
            self.program("psql").args(["-X", "-q", "-At", "-v", "ON_ERROR_STOP=1", "-d", database, "-f", "-"]),
            sql,
        )
    }

    /// pg_dump's schema, msr's journal and what it parked left out.
    pub fn dump(&self, database: &str) -> String {
        super::run(self.program("pg_dump").args(["-s", "-N", "msr", "-N", "msr_trash_*", "-d", database]), "")
            .expect("pg_dump")
    }

    /// Why a program of this server's version can't be run.
    pub fn without(&self, program: &str) -> Option<String> {
        (!self.bin.join(program).exists()).then(|| format!("{program} is not installed"))
    }

    /// A hot standby of this server.
    pub fn standby(&self) -> Result<Postgres, String> {
        start("", "", Some(self))
    }

    /// Ends the whole server at once, without a checkpoint, and for good.
    pub fn end(&self) {
        let file = self.folder.join("data/postmaster.pid");
        let pid = std::fs::read_to_string(&file).expect("its number");
        let _ = Command::new("kill").args(["-QUIT", pid.lines().next().expect("a line")]).status();
        while file.exists() {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
    }

    /// Ends one of the server's processes by SIGKILL: the server ends all sessions and recovers.
    pub fn crash(&self, backend: i32) {
        let _ = Command::new("kill").args(["-KILL", &backend.to_string()]).status();
        // The server has heard of it once the process is no longer waited for: from then on it takes nobody in until it has
        // recovered.
        let process = PathBuf::from(format!("/proc/{backend}"));
        for _ in 0..2000 {
            std::thread::sleep(std::time::Duration::from_millis(2));
            if !process.exists() {
                break;
            }
        }
    }

    /// Waits until the server takes connections.
    pub fn wait(&self) {
        for _ in 0..600 {
            if self.sql("postgres", "SELECT 1").is_ok() {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        panic!("the server did not recover");
    }
}
