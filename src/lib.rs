pub mod error;
pub use error::{Error, Failure, Result, SqlError};
pub mod source;
