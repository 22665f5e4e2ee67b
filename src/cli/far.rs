//! Looks at a statement that takes long from a second session.

use super::progress::Hand;
use super::session;
use msr::engine::{Access, Engine, Far};
use msr::settings::Settings;
use std::any::Any;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

/// What ends before that is not looked at: most statements do, and a session more costs the server something.
const AFTER: Duration = Duration::from_secs(2);
const EVERY: Duration = Duration::from_millis(500);

/// Until what it gives is dropped. That nothing can be seen is no reason to say anything: it is a help to those who wait.
pub fn watch(settings: &Settings, engine: &'static dyn Engine, hand: Hand, number: i64) -> Option<Box<dyn Any>> {
    let (end, ended) = channel::<()>();
    let settings = settings.clone();
    std::thread::spawn(move || {
        let waits = |time| ended.recv_timeout(time) == Err(RecvTimeoutError::Timeout);
        if !waits(AFTER) {
            return;
        }
        let Ok(mut session) = session::connect(&settings, engine, Access::Read) else { return };
        let stage = hand.stage();
        while waits(EVERY) {
            match session.far(number) {
                Ok(Some(Far { phase, done, of })) => {
                    let short = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
                    hand.at(&format!("{stage}: {phase}"), short(done), short(of));
                }
                Ok(None) => {}
                Err(_) => return,
            }
        }
    });
    Some(Box::new(end))
}
