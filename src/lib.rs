pub mod engine;
pub mod error;
pub mod settings;
pub use error::{Error, Failure, Result, SqlError};
