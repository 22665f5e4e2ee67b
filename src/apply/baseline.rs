//! A database is taken under management as it is.

use super::journal::{self, Entry, Event as Happened};
use super::target::Target;
use super::{Event, Options, lock};
use crate::engine::Session;
use crate::model::Fingerprint;
use crate::{Error, Result};

/// Records that the database is what `desired` (the hash of the schema files' statements) says. `seen` is the catalog on
/// which the caller found that out: it must not have moved since.
pub fn baseline(
    session: &mut dyn Session,
    version: &str,
    desired: Option<String>,
    seen: Fingerprint,
    options: &Options,
    events: &mut dyn FnMut(Event),
) -> Result<()> {
    let mut target = Target::new(session, options, events);
    lock::held(&mut target, |target| {
        let stamp = journal::stamp(target.session())?;
        let live = target.session().inspect()?;
        if live.fingerprint() != seen {
            return Err(Error::refused("this database changed while it was looked at").hint("run again"));
        }
        target.make_ready()?;
        target.head = target.journal().head()?;
        let who = target.who()?;
        target.append(Entry {
            version: version.into(),
            name: "baseline".into(),
            who,
            live: Some(seen.to_string()),
            desired,
            stamp: stamp.filter(|_| live.is_complete()),
            ..Entry::new(Happened::Baseline)
        })
    })
}
