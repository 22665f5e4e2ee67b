//! Connections, as the settings name them.

use msr::Result;
use msr::engine::{self, Access, Engine, Session};
use msr::settings::Settings;

/// The engine of the target, and an open session there.
pub fn target(settings: &Settings, access: Access) -> Result<(&'static dyn Engine, Box<dyn Session>)> {
    let engine = engine::named(settings.database.engine())?;
    let session = engine.connect(&settings.database, access)?;
    Ok((engine, session))
}
