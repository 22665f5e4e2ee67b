//! How far it is, on standard error, where somebody looks.

use super::context::Context;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::time::Duration;

/// A spinner that becomes a bar once the number of things to do is known. Silent without a terminal.
pub struct Progress {
    bar: ProgressBar,
    stage: String,
}

impl Progress {
    pub fn new(context: &Context) -> Progress {
        let silent = context.quiet() || context.log_json() || !console::user_attended_stderr();
        let target = if silent { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let bar = ProgressBar::with_draw_target(None, target);
        bar.set_style(style("{spinner} {msg}"));
        Progress { bar, stage: String::new() }
    }

    /// A stage, done, of how many; 0 when that is not known.
    pub fn at(&mut self, stage: &str, done: usize, of: usize) {
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
