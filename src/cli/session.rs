//! Connections, as the settings name them.

use msr::Result;
use msr::engine::{self, Access, Engine, Session, filtered};
use msr::settings::Settings;

/// The engine of the target, and an open session there.
pub fn target(settings: &Settings, access: Access) -> Result<(&'static dyn Engine, Box<dyn Session>)> {
    let engine = engine::named(settings.database.engine())?;
    Ok((engine, connect(settings, engine, access)?))
}

/// A session with the target that sees what is managed.
pub fn connect(settings: &Settings, engine: &'static dyn Engine, access: Access) -> Result<Box<dyn Session>> {
    Ok(filtered(engine.connect(&settings.database, access)?, &settings.filter))
}
