//! How far it is, on standard error, where somebody looks.

use super::context::Context;
use super::output;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How often a log hears of what takes long.
const EVERY: Duration = Duration::from_secs(10);

/// What others tell of the same thing, from wherever they are.
#[derive(Clone)]
pub struct Hand {
    bar: ProgressBar,
    at: Arc<Mutex<At>>,
}

/// A stage, done, of how many; 0 when that is not known.
type At = (String, usize, usize);

impl Hand {
    pub fn stage(&self) -> String {
        self.now().0
    }

    pub fn at(&self, stage: &str, done: usize, of: usize) {
        let before = std::mem::replace(
            &mut *self.at.lock().unwrap_or_else(PoisonError::into_inner),
            (stage.to_string(), done, of),
        );
        if before.0 != stage {
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

    fn now(&self) -> At {
        self.at.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A spinner that becomes a bar once the number of things to do is known. Without a terminal, a line every ten seconds.
pub struct Progress {
    hand: Hand,
    /// Kept to be dropped.
    _lines: Option<Lines>,
}

/// What a log is told while nothing else happens.
struct Lines {
    /// Dropped to end it.
    end: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Lines {
    fn begin(hand: Hand, json: bool) -> Lines {
        let (end, ended) = channel::<()>();
        let thread = std::thread::spawn(move || {
            let begun = Instant::now();
            while ended.recv_timeout(EVERY) == Err(RecvTimeoutError::Timeout) {
                let (stage, done, of) = hand.now();
                if !stage.is_empty() {
                    let far = if of > 0 { format!(", {done} of {of}") } else { String::new() };
                    output::info(&format!("{stage}{far}, {} s so far", begun.elapsed().as_secs()), json);
                }
            }
        });
        Lines { end: Some(end), thread: Some(thread) }
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
        let hand = Hand { bar, at: Arc::default() };
        let told = !context.quiet() && !console::user_attended_stderr();
        let _lines = told.then(|| Lines::begin(hand.clone(), context.log_json()));
        Progress { hand, _lines }
    }

    pub fn hand(&self) -> Hand {
        self.hand.clone()
    }

    /// A stage, done, of how many; 0 when that is not known.
    pub fn at(&mut self, stage: &str, done: usize, of: usize) {
        self.hand.at(stage, done, of);
    }

    /// Runs `print` with the bar out of the way.
    pub fn aside(&self, print: impl FnOnce()) {
        self.hand.bar.suspend(print);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.hand.bar.finish_and_clear();
    }
}

/// The templates are fixed texts of this file; a wrong one falls back to indicatif's own.
fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
