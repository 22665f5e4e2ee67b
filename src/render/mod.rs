//! Plans and tables as text. Pure functions: nothing here prints, and nothing asks the terminal or the environment;
//! what is known about them comes in a [`Look`].

pub mod catalog;
pub mod diagram;
pub mod export;
pub mod html;
pub mod human;
pub mod json;
pub mod kinds;
pub mod lint;
mod look;
pub mod markdown;
pub mod rehearsal;
pub mod sql;
mod summary;
pub mod table;
#[cfg(test)]
mod tests;
pub mod text;

pub use look::{Look, Tone};
pub use summary::Summary;
