//! The libraries of other tools, in a package of its own: `tests/runners`.

use crate::support::{repository, skip};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

pub struct Runners(PathBuf);

/// Builds them when first asked for. Where their packages can't be had, the test is skipped and says so.
pub fn get(test: &str) -> Option<Runners> {
    static BUILT: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let built = BUILT.get_or_init(|| {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("runners");
        let mut command = Command::new(env!("CARGO"));
        command
            .args(["build", "--locked", "--quiet", "--manifest-path"])
            .arg(repository().join("tests/runners/Cargo.toml"));
        let output = command.arg("--target-dir").arg(&target).output().map_err(|e| e.to_string())?;
        match output.status.success() {
            true => Ok(target.join("debug/runners")),
            false => Err(String::from_utf8_lossy(&output.stderr).lines().last().unwrap_or_default().to_string()),
        }
    });
    match built {
        Ok(path) => Some(Runners(path.clone())),
        Err(why) => {
            skip(test, &format!("tests/runners does not build: {why}"));
            None
        }
    }
}

impl Runners {
    #[track_caller]
    pub fn run(&self, arguments: &[&str], folder: &Path) {
        let output = Command::new(&self.0).args(arguments).arg(folder).output().expect("it runs");
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
}
