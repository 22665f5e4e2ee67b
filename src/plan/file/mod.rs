//! The plan file: RON, versioned, sealed by a checksum.
//!
//! The types on disk are in [`v1`] and nowhere else; here they are written, read and judged. The checksum is over the
//! meaning (every field but `created_at`, as compact JSON), not over the bytes: an editor may change line ends, add a
//! byte order mark, fold and comment as it likes, and the seal holds.

mod v1;

#[cfg(test)]
mod tests;

use super::Plan;
use crate::{Error, Result};
use ron::extensions::Extensions;
use ron::ser::PrettyConfig;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use v1::File;

const FORMAT: u32 = 1;

/// A plan of 10,000 steps has 4 MB; more than this is not a plan.
pub const LIMIT: usize = 256 << 20;

const OPENING: &str = "\
// A plan of msr: what `msr apply` will do, in this order, and what it expects to find before and after.
// It is sealed: whoever changes more than comments and layout seals it anew with `msr plan --reseal FILE`.
";

/// A plan as it was read, and the checksum that names it in the journal and in its successor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loaded {
    pub plan: Plan,
    pub checksum: String,
}

/// The text of the file. The same plan gives the same bytes.
pub fn write(plan: &Plan) -> String {
    let mut file = File::from(plan);
    file.checksum = checksum(&mut file);
    print(&file)
}

/// The checksum that the plan has in its file.
pub fn checksum_of(plan: &Plan) -> String {
    checksum(&mut File::from(plan))
}

/// Reads the text of the file called `name`. Whatever the bytes, the answer is a plan that msr sealed or a refusal.
pub fn read(text: &str, name: &str) -> Result<Loaded> {
    let mut file = parse(text, name)?;
    let (stated, checksum) = (file.checksum.clone(), checksum(&mut file));
    if stated != checksum {
        return Err(edited(&stated, &checksum).at(place(text, name, "checksum:")));
    }
    let plan = Plan::from(file);
    sound(&plan)
        .map_err(|why| Error::refused(format!("`{name}` contradicts itself: {why}")).at(format!("{name}:1:1")))?;
    Ok(Loaded { plan, checksum })
}

/// The same text with the checksum that it must have. Comments and layout stay where they are.
pub fn reseal(text: &str, name: &str) -> Result<String> {
    let mut file = parse(text, name)?;
    let stated = std::mem::take(&mut file.checksum);
    file.checksum = checksum(&mut file);
    let quoted = format!("\"{stated}\"");
    let mut parts = text.splitn(3, &quoted);
    let kept = match (parts.next(), parts.next(), parts.next()) {
        (Some(before), Some(after), None) => format!("{before}\"{}\"{after}", file.checksum),
        // The old checksum is missing its quotes' contents or stands somewhere else too.
        _ => print(&file),
    };
    let sealed = if read(&kept, name).is_ok() { kept } else { print(&file) };
    read(&sealed, name).map(|_| sealed)
}

fn print(file: &File) -> String {
    let config = |escape| {
        PrettyConfig::new()
            .struct_names(true)
            .new_line("\n")
            .indentor("  ")
            .depth_limit(4)
            .escape_strings(escape)
            .extensions(Extensions::IMPLICIT_SOME)
    };
    let print = |escape| ron::ser::to_string_pretty(file, config(escape)).expect("plain data can be written as RON");
    let text = print(false);
    // A carriage return can't stand in a file whose line ends an editor or git may change.
    let text = if text.contains('\r') { print(true) } else { text };
    format!("{OPENING}{text}\n")
}

/// Over all fields but `created_at` and itself.
fn checksum(file: &mut File) -> String {
    let created_at = std::mem::take(&mut file.created_at);
    let stated = std::mem::take(&mut file.checksum);
    let canonical = serde_json::to_vec(file).expect("plain data can be written as JSON");
    (file.created_at, file.checksum) = (created_at, stated);
    Sha256::digest(canonical).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Format number alone: read when the whole can't be, to tell a newer plan from a broken one.
#[derive(Deserialize)]
#[serde(rename = "Plan")]
struct Head {
    format: u32,
}

fn parse(text: &str, name: &str) -> Result<File> {
    if text.len() > LIMIT {
        return Err(Error::refused(format!("`{name}` is not a plan: it has more than {} MB", LIMIT >> 20)));
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n");
    let options = ron::Options::default().with_recursion_limit(64);
    let error = match options.from_str::<File>(&text) {
        Ok(file) if file.format == FORMAT => return Ok(file),
        Ok(file) => return Err(other_format(file.format, name)),
        Err(error) => error,
    };
    let at = format!("{name}:{}:{}", error.span.start.line, error.span.start.col);
    match options.from_str::<Head>(&text) {
        Ok(head) if head.format != FORMAT => Err(other_format(head.format, name)),
        Ok(_) => {
            Err(Error::refused(format!("`{name}` is not a plan that this msr can read: {}", told(&error.code))).at(at))
        }
        Err(_) if !text.contains("Plan(") => Err(Error::refused(format!("`{name}` is not a plan of msr"))
            .code(crate::error::code::NOT_A_PLAN)
            .at(at)
            .hint("plans are made by `msr plan --out FILE` or `msr plan --save NAME`")),
        Err(_) => Err(Error::refused(format!("`{name}` is cut off or damaged: {}", told(&error.code)))
            .code(crate::error::code::NOT_A_PLAN)
            .at(at)
            .hint("take the file from version control again, or make the plan anew")),
    }
}

/// As our errors are written: lower case, no full stop.
fn told(code: &ron::Error) -> String {
    let text = code.to_string();
    let mut chars = text.chars();
    let first = chars.next().map(|c| c.to_ascii_lowercase());
    first.into_iter().chain(chars).collect::<String>().trim_end_matches('.').to_string()
}

fn other_format(format: u32, name: &str) -> Error {
    let error = Error::refused(format!("this msr reads format {FORMAT}, the plan `{name}` is format {format}"));
    let error = error.code(crate::error::code::NEWER_FORMAT).at(format!("{name}:1:1"));
    if format > FORMAT { error.hint("use the msr that made it, or a newer one") } else { error }
}

fn edited(stated: &str, found: &str) -> Error {
    let what = if stated.is_empty() { "is not sealed" } else { "was edited after it was sealed" };
    Error::refused(format!("the plan {what}: its checksum does not match its content"))
        .code(crate::error::code::EDITED)
        .detail(format!("it says     {stated}"))
        .detail(format!("it would be {found}"))
        .hint("review it, then `msr plan --reseal FILE` seals it as it is")
}

/// `file:line:column` of the first line that begins with `word`.
fn place(text: &str, name: &str, word: &str) -> String {
    let found = text.lines().enumerate().find(|(_, line)| line.trim_start().starts_with(word));
    let (line, col) = found.map_or((1, 1), |(i, line)| (i + 1, line.len() - line.trim_start().len() + 1));
    format!("{name}:{line}:{col}")
}

/// What the rest of msr takes for granted of a plan: steps are numbered from 1, batches hold them all in order, and no
/// step needs a later one.
fn sound(plan: &Plan) -> std::result::Result<(), String> {
    for (i, step) in plan.steps.iter().enumerate() {
        if step.id != i + 1 {
            return Err(format!("step {} stands where step {} should", step.id, i + 1));
        }
        if let Some((needed, _)) = step.needs.iter().find(|(needed, _)| *needed == 0 || *needed >= step.id) {
            return Err(format!("step {} needs step {needed}, which is not before it", step.id));
        }
    }
    let mut next = 1;
    for (i, batch) in plan.batches.iter().enumerate() {
        if batch.first != next || batch.last < batch.first || batch.last > plan.steps.len() {
            return Err(format!("batch {} holds the steps {} to {}", i + 1, batch.first, batch.last));
        }
        if !batch.transaction && batch.first != batch.last {
            return Err(format!("batch {} runs outside of a transaction and has more than one step", i + 1));
        }
        let alone = batch.first == batch.last;
        if !plan.back_in_transaction(batch) && !alone {
            return Err(format!("batch {} is taken back outside of a transaction and has more than one step", i + 1));
        }
        for step in plan.batch_steps(batch) {
            let begins = |to: usize| to < step.id && plan.batches[..i].iter().any(|b| b.first == to);
            if step.back.to.is_some_and(|to| !alone || !begins(to)) {
                return Err(format!("step {} is taken back to a place where nothing begins", step.id));
            }
        }
        next = batch.last + 1;
    }
    if next != plan.steps.len() + 1 {
        return Err(format!("step {next} is in no batch"));
    }
    Ok(())
}
