//! The database that a run works on: its session, the lock, the journal's head.

use super::history::History;
use super::journal::{self, Entry, Event as Happened, Journal, Tables};
use super::{Event, Options};
use crate::engine::{Blocker, Session};
use crate::model::Roles;
use crate::plan::Plan;
use crate::{Error, Failure, Result, SqlError};
use std::time::Duration;

/// How often connecting again is tried, with pauses that grow to two seconds.
const RECONNECTS: u32 = if cfg!(test) { 2 } else { 8 };

pub struct Target<'a> {
    session: &'a mut dyn Session,
    /// Takes the session's place once the connection broke.
    fresh: Option<Box<dyn Session>>,
    /// Keeps the lock where the session can't: behind a pooler, which takes the server away between transactions.
    keeper: Option<Box<dyn Session>>,
    pub options: &'a Options<'a>,
    events: &'a mut dyn FnMut(Event),
    /// The journal's last entry as this run knows it.
    pub head: Option<Entry>,
    who: Option<String>,
    /// How long a vacuum must be waited for that is in the way.
    vacuum: Option<Duration>,
    /// Who was in the way of the last attempt.
    pub blockers: Vec<Blocker>,
    prepared: bool,
    roles: Roles,
    /// As it was told the session last.
    tag: String,
}

impl<'a> Target<'a> {
    pub fn new(session: &'a mut dyn Session, options: &'a Options<'a>, events: &'a mut dyn FnMut(Event)) -> Self {
        let mut target = Target {
            session,
            fresh: None,
            keeper: None,
            options,
            events,
            head: None,
            who: None,
            vacuum: None,
            blockers: vec![],
            prepared: false,
            roles: Roles::default(),
            tag: String::new(),
        };
        target.tag(None, None);
        target
    }

    pub fn session(&mut self) -> &mut dyn Session {
        match &mut self.fresh {
            Some(session) => &mut **session,
            None => &mut *self.session,
        }
    }

    /// The session that takes the lock and keeps it.
    pub fn keeper(&mut self) -> Result<&mut dyn Session> {
        if self.keeper.is_none() && self.session().is_pooled() {
            let mut keeper = (self.options.reconnect)()?;
            keeper.tag(&self.tag);
            self.keeper = Some(keeper);
        }
        Ok(match (&mut self.keeper, &mut self.fresh) {
            (Some(session), _) | (None, Some(session)) => &mut **session,
            (None, None) => &mut *self.session,
        })
    }

    /// What this plan looks at besides the catalog is looked at from now on.
    pub fn look_as(&mut self, plan: &Plan) {
        self.roles = plan.header.roles.clone();
        self.session().look_at_roles(&plan.header.roles);
        self.tag(Some(plan), None);
    }

    /// What the session sends from now on is for this.
    pub fn tag(&mut self, plan: Option<&Plan>, step: Option<usize>) {
        self.tag = self.options.tag.as_ref().map_or(String::new(), |tag| tag.at(plan, step).to_string());
        let text = self.tag.clone();
        self.session().tag(&text);
    }

    /// What is sent meanwhile is told to be the step's.
    pub fn as_step<T>(&mut self, plan: &Plan, step: usize, work: impl FnOnce(&mut Self) -> T) -> T {
        self.tag(Some(plan), Some(step));
        let done = work(self);
        self.tag(Some(plan), None);
        done
    }

    pub fn journal(&mut self) -> &mut dyn Journal {
        self.session().journal()
    }

    pub fn tell(&mut self, event: Event) {
        (self.events)(event);
    }

    /// How the run was told to stop, if it was.
    pub fn stopped(&self) -> Option<Failure> {
        (self.options.stop)()
    }

    /// What the journal says, and from now on its head. Nothing is written, unless older tables must be read by this msr.
    pub fn read_journal(&mut self) -> Result<History> {
        if self.journal().tables()? == Tables::Outdated {
            self.journal().bootstrap()?;
        }
        let (_, entries) = self.journal().look()?;
        self.history(&entries)
    }

    /// Of these entries, the last of which is the head from now on.
    pub fn history(&mut self, entries: &[Entry]) -> Result<History> {
        journal::verify(entries)?;
        self.head = entries.last().cloned();
        Ok(History::of(entries))
    }

    /// Makes ready for statements that change things: session settings, journal. After all that can be refused was.
    pub fn make_ready(&mut self) -> Result<()> {
        let start = std::time::Instant::now();
        while !self.journal().exists()? {
            match self.journal().bootstrap() {
                // Someone writes to the whole database, as SQLite has it: it is waited for as for the lock.
                Err(e)
                    if e.failure == Failure::Transient
                        && start.elapsed() < self.options.lock_wait
                        && self.stopped().is_none() =>
                {
                    std::thread::sleep(super::lock::jitter(Duration::from_millis(100)));
                }
                other => other?,
            }
        }
        if !std::mem::replace(&mut self.prepared, true) {
            self.session().prepare()?;
            self.wait(false)?;
        }
        Ok(())
    }

    /// From now on statements wait for locks as long as the options say, or as long as it takes.
    pub fn wait(&mut self, patient: bool) -> Result<(), SqlError> {
        let usual = self.options.lock_timeout.unwrap_or_else(|| self.session().usual_wait());
        let limit = self.vacuum.unwrap_or(usual).min(self.options.lock_wait);
        self.session().wait_at_most((!patient).then_some(limit))
    }

    /// Before another attempt at these locks. What the user said of waiting is kept to.
    pub fn mind_vacuums(&mut self, locked: &[&str]) -> Result<(), SqlError> {
        let unsaid = self.options.lock_timeout.is_none() && !locked.is_empty();
        let vacuum = if unsaid { self.session().vacuum_yields_after(locked)? } else { None };
        if vacuum != self.vacuum {
            self.vacuum = vacuum;
            self.wait(false)?;
        }
        Ok(())
    }

    /// After an attempt that did not get these locks. Whoever was in the way may be gone by now; that nobody is seen is no error.
    pub fn look_around(&mut self, locks: &[(&str, &str)]) -> Vec<Blocker> {
        self.blockers = self.session().in_the_way(locks).unwrap_or_default();
        self.blockers.clone()
    }

    /// An entry about the plan, to be filled in and appended.
    pub fn entry(&mut self, event: Happened, plan: &Plan, checksum: &str) -> Result<Entry, SqlError> {
        Ok(Entry {
            version: plan.header.version.clone(),
            name: plan.header.name.clone(),
            checksum: checksum.to_string(),
            who: self.who()?,
            ..Entry::new(event)
        })
    }

    /// The database's role, and who uses it.
    pub fn who(&mut self) -> Result<String, SqlError> {
        if self.who.is_none() {
            let role = self.session().role()?;
            let who = &self.options.who;
            self.who = Some(if who.is_empty() { role } else { format!("{role} ({who})") });
        }
        Ok(self.who.clone().unwrap_or_default())
    }

    /// Appends what stands on its own, outside of a batch's transaction.
    pub fn append(&mut self, entry: Entry) -> Result<()> {
        let head = self.head.clone();
        let appended = self.journal().append(head.as_ref(), entry)?;
        self.head = Some(appended.ok_or_else(another_was_faster)?);
        Ok(())
    }

    /// A new connection in place of the one that broke, with the lock: once it is held, the old connection's server
    /// process is gone and what it did is settled.
    pub fn reconnect(&mut self) -> Result<()> {
        self.keeper = None;
        let mut wait = Duration::from_millis(100);
        for attempt in 1.. {
            match (self.options.reconnect)() {
                Ok(mut session) => {
                    session.look_at_roles(&self.roles);
                    session.tag(&self.tag);
                    self.fresh = Some(session);
                    break;
                }
                Err(error) if attempt == RECONNECTS => return Err(error),
                Err(_) => std::thread::sleep(wait),
            }
            wait = (wait * 2).min(Duration::from_secs(2));
        }
        super::lock::take(self)?;
        if self.prepared {
            self.session().prepare()?;
            self.wait(false)?;
        }
        self.tell(Event::Reconnected);
        Ok(())
    }
}

impl Drop for Target<'_> {
    /// The session is the caller's again, who has something else to do with it.
    fn drop(&mut self) {
        self.session().tag("");
    }
}

pub fn another_was_faster() -> Error {
    Error::transient("another run of msr went to work on this database meanwhile; this one changed nothing more")
        .hint("run again: it looks at what stands and does the rest")
}
