//! Programs that are run to their end, msr's binary first.

use super::{Database, folder};
use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How a program ended and what it said.
#[derive(Debug, Clone)]
pub struct Output {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Output {
    /// Both streams, for messages.
    pub fn said(&self) -> String {
        format!("exit {}\n{}{}", self.code, self.stdout, self.stderr)
    }

    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert!(self.code == code, "expected exit {code}, got {}", self.said());
        self
    }
}

/// The binary in a folder and an environment of its own.
pub struct Msr {
    folder: tempfile::TempDir,
    env: Vec<(String, String)>,
}

impl Msr {
    pub fn new() -> Self {
        Msr { folder: folder(), env: vec![] }
    }

    pub fn env(mut self, name: &str, value: impl Into<String>) -> Self {
        self.env.push((name.into(), value.into()));
        self
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file into the folder that msr is run in.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(&path, content).expect("a file");
        path
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
    }

    /// A command with nothing of the outer environment but what a program needs to run.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(binary());
        command
            .args(args)
            .current_dir(self.folder.path())
            .env_clear()
            .env("NO_COLOR", "1")
            .env("HOME", self.folder.path());
        for name in ["PATH", "TMPDIR", "USER", "LLVM_PROFILE_FILE", "RUST_BACKTRACE", "MSR_ONLINE"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        // The client programs of another version than the machine's, and the server's for scratch.
        if let Some(bin) = std::env::var_os("MSR_TEST_PG_BIN") {
            let path = std::env::var_os("PATH").unwrap_or_default();
            let all = std::iter::once(PathBuf::from(bin)).chain(std::env::split_paths(&path));
            command.envs(std::env::join_paths(all).ok().map(|path| ("PATH", path)));
        }
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub fn run(&self, args: &[&str]) -> Output {
        finish(self.command(args).spawn().expect("the binary runs"), Duration::from_secs(300))
    }

    /// `run`, with `--database URL`.
    pub fn on(&self, database: &Database, args: &[&str]) -> Output {
        let url = database.url();
        let mut all = args.to_vec();
        all.extend(["--database", &url]);
        self.run(&all)
    }

    /// From now on a run of the plan ends before each of its batches once, on either way, if it has several.
    pub fn breaks_off(&self, plan: &str) {
        if self.read(plan).lines().filter(|line| line.trim() == "Batch(").count() > 1 {
            let settings = fs::read_to_string(self.path("msr.toml")).unwrap_or_default();
            let hook = "test -e seen.$MSR_WAY.$MSR_BATCH || { touch seen.$MSR_WAY.$MSR_BATCH; exit 1; }";
            self.write("msr.toml", format!("{settings}\n[hooks]\nbefore_batch = \"{hook}\"\n"));
        }
    }

    /// `on`, again and again while it is broken off.
    pub fn in_parts(&self, database: &Database, args: &[&str]) -> Output {
        let broken_off = |output: &Output| output.code == 1 && output.stderr.contains("`before_batch` failed");
        let mut runs = (0..1000).map(|_| self.on(database, args));
        runs.find(|output| !broken_off(output)).expect("a run that is not broken off")
    }

    /// plan to `schema`, apply all of it; the exit code that matters first.
    pub fn reach(&self, database: &Database, schema: &str) -> Output {
        self.write("reach.sql", schema);
        let planned = self.on(database, &["plan", "--schema", "reach.sql", "--out", "reach.ron"]);
        if planned.code != 0 {
            return planned;
        }
        self.on(database, &["apply", "reach.ron", "--phase", "all", "--yes", "--allow", "all"])
    }
}

impl Default for Msr {
    fn default() -> Self {
        Msr::new()
    }
}

/// The binary under test: cargo's, or the one that `MSR_TEST_BIN` names.
fn binary() -> PathBuf {
    std::env::var_os("MSR_TEST_BIN").map_or(env!("CARGO_BIN_EXE_msr").into(), PathBuf::from)
}

/// Waits for a program; kills it after `limit`.
pub fn finish(mut child: std::process::Child, limit: Duration) -> Output {
    let read = |stream: Option<Box<dyn std::io::Read + Send>>| {
        std::thread::spawn(move || {
            let mut bytes = vec![];
            if let Some(mut stream) = stream {
                let _ = stream.read_to_end(&mut bytes);
            }
            String::from_utf8_lossy(&bytes).into_owned()
        })
    };
    let stdout = read(child.stdout.take().map(|s| Box::new(s) as _));
    let stderr = read(child.stderr.take().map(|s| Box::new(s) as _));
    let begun = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().expect("the child's status") {
            break Some(status);
        }
        if begun.elapsed() > limit {
            let _ = child.kill();
            let _ = child.wait();
            break None;
        }
        std::thread::sleep(Duration::from_millis(3));
    };
    use std::os::unix::process::ExitStatusExt;
    let code = status.map_or(124, |s| s.code().unwrap_or_else(|| 128 + s.signal().unwrap_or(0)));
    let (stdout, stderr) = (stdout.join().expect("stdout"), stderr.join().expect("stderr"));
    Output { code, stdout, stderr }
}

/// Runs a program with this on its standard input; its output, or its complaint.
pub fn run(command: &mut Command, input: &str) -> Result<String, String> {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|e| format!("{:?}: {e}", command.get_program()))?;
    let mut stdin = child.stdin.take().expect("stdin");
    let input = input.to_owned();
    let writer = std::thread::spawn(move || {
        let _ = stdin.write_all(input.as_bytes());
    });
    let output = finish(child, Duration::from_secs(120));
    let _ = writer.join();
    if output.code == 0 { Ok(output.stdout) } else { Err(output.stderr.trim_end().to_owned()) }
}
