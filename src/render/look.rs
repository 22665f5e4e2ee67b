//! What the output is made for.

use console::Style;
use std::fmt::Display;

/// What a renderer may use, decided by whoever prints.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    pub colour: bool,
    /// Tell the reasons too.
    pub verbose: bool,
    /// Columns of the terminal; prose is wrapped there, SQL never.
    pub width: usize,
}

impl Look {
    /// For files, pipes and tests.
    pub const PLAIN: Look = Look { colour: false, verbose: false, width: 100 };

    /// The text in that tone. A colour only repeats what the words or signs already say.
    pub fn paint(self, tone: Tone, text: impl Display) -> String {
        let style = match tone {
            Tone::Create => Style::new().green(),
            Tone::Change => Style::new().yellow(),
            Tone::Drop => Style::new().red(),
            Tone::Warn => Style::new().red().bold(),
            Tone::Title => Style::new().bold(),
            Tone::Quiet => Style::new().dim(),
        };
        style.force_styling(self.colour).apply_to(text).to_string()
    }
}

/// What a piece of text says, beside its words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    Create,
    Change,
    Drop,
    Warn,
    Title,
    Quiet,
}
