pub mod apply;
pub mod diff;
pub mod engine;
pub mod error;
pub mod model;
pub mod plan;
pub mod settings;
pub mod source;
pub use error::{Error, Failure, Result, SqlError};
