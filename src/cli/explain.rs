use super::{Done, output};
use msr::error::closest;
use msr::error::code;
use msr::lint::rules;
use msr::{Error, Result};

/// Explain an error by its code, as it stands in the message: E0601
///
/// Without a code: all that there are. For a lint rule, `msr lint --explain RULE`.
#[derive(clap::Args)]
pub struct Args {
    code: Option<String>,
}

pub fn run(args: Args) -> Result<Done> {
    let Some(text) = args.code else {
        output::result(&code::ALL.iter().map(|code| format!("{}  {}\n", code.id, code.title)).collect::<String>())?;
        return Ok(Done::Fine);
    };
    let code = code::named(&text).ok_or_else(|| unknown(&text))?;
    let ways: String = code.ways.iter().map(|way| format!("  - {way}\n")).collect();
    output::result(&format!("{}: {}\n\n{}\n\n{ways}", code.id, code.title, code.why))?;
    Ok(Done::Fine)
}

fn unknown(text: &str) -> Error {
    let error = Error::usage(format!("no error has the code `{}`", text.escape_debug()));
    if rules::named(text).is_some() {
        return error.hint(format!("it is a lint rule: `msr lint --explain {text}`"));
    }
    let all: Vec<&str> = code::ALL.iter().map(|code| code.id).collect();
    let near = closest(&text.to_uppercase(), &all).map(|near| format!("did you mean `{near}`?"));
    error.hint(near.unwrap_or_else(|| "`msr explain` lists them".into()))
}
