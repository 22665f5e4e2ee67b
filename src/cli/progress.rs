//! How far it is, on standard error, where somebody looks.

use super::context::Context;
use super::output;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How often a log hears of what takes long.
const EVERY: Duration = Duration::from_secs(10);

/// A spinner that becomes a bar once the number of things to do is known. Without a terminal, a line every ten seconds.
pub struct Progress {
    bar: ProgressBar,
    stage: String,
    lines: Option<Lines>,
}

/// What a log is told while nothing else happens.
struct Lines {
    at: Arc<Mutex<(String, usize, usize)>>,
    /// Dropped to end it.
    end: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Lines {
    fn begin(json: bool) -> Lines {
        let at = Arc::new(Mutex::new((String::new(), 0, 0)));
        let (end, ended) = channel::<()>();
        let of = at.clone();
        let thread = std::thread::spawn(move || {
            let begun = Instant::now();
            while ended.recv_timeout(EVERY) == Err(RecvTimeoutError::Timeout) {
                let (stage, done, of) = of.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).clone();
                if !stage.is_empty() {
                    let far = if of > 0 { format!(", {done} of {of}") } else { String::new() };
                    output::info(&format!("{stage}{far}, {} s so far", begun.elapsed().as_secs()), json);
                }
            }
        });
        Lines { at, end: Some(end), thread: Some(thread) }
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        drop(self.end.take());
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

impl Progress {
    pub fn new(context: &Context) -> Progress {
        let silent = context.quiet() || context.log_json() || !console::user_attended_stderr();
        let target = if silent { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let bar = ProgressBar::with_draw_target(None, target);
        bar.set_style(style("{spinner} {msg}"));
        let lines = (!context.quiet() && !console::user_attended_stderr()).then(|| Lines::begin(context.log_json()));
        Progress { bar, stage: String::new(), lines }
    }

    /// A stage, done, of how many; 0 when that is not known.
    pub fn at(&mut self, stage: &str, done: usize, of: usize) {
        if let Some(lines) = &self.lines {
            *lines.at.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = (stage.to_string(), done, of);
        }
        if self.stage != stage {
            self.stage = stage.to_string();
            self.bar.reset();
            self.bar.set_style(style(if of > 0 {
                "{spinner} {msg} {wide_bar} {pos}/{len} {eta}"
            } else {
                "{spinner} {msg}"
            }));
            self.bar.set_message(stage.to_string());
            self.bar.enable_steady_tick(Duration::from_millis(120));
        }
        if of > 0 {
            self.bar.set_length(of as u64);
            self.bar.set_position(done as u64);
        }
    }

    /// Runs `print` with the bar out of the way.
    pub fn aside(&self, print: impl FnOnce()) {
        self.bar.suspend(print);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// The templates are fixed texts of this file; a wrong one falls back to indicatif's own.
fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
