//! Folders of other tools' migrations: told by the names of their files, and read as what they do when all are run, in order.

use super::{Dialect, File, Source, read};
use crate::{Error, Result};
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::path::Path;

/// How a tool names its files, in words for those who ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    Diesel,
    /// One file a version; dbmate's have both ways in them.
    Sqlx,
    Dbmate,
    /// sqlx's reversible ones and golang-migrate's are read alike.
    UpDown,
    Flyway,
    Msr,
}

const FORMATS: &[(Format, &str)] = &[
    (Format::Diesel, "diesel: `VERSION_name/up.sql`"),
    (Format::Sqlx, "sqlx: `VERSION_name.sql`"),
    (Format::Dbmate, "dbmate: `VERSION_name.sql` with `-- migrate:up` in it"),
    (Format::UpDown, "sqlx and golang-migrate: `VERSION_name.up.sql`"),
    (Format::Flyway, "Flyway and refinery: `V1__name.sql`, `R__name.sql`"),
    (Format::Msr, "`V20261122143000_name.up.sql`"),
];

/// Marks of tools whose files hold the way back as well, which must not be run.
const FOREIGN: &[(&str, &str)] =
    &[("-- +goose", "goose"), ("-- +migrate", "sql-migrate"), ("--liquibase", "Liquibase")];

/// What a file is to its tool.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Up(Version),
    /// Run after all versions, in order of their names.
    Repeatable(String),
    /// A way back.
    Down(Version),
}

type Way = fn(Version) -> Part;

/// Numbers, compared as numbers: `1.10` comes after `1.9`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Version(Vec<String>);

impl Version {
    /// Digits in parts; no parts are no version.
    fn parse(text: &str, separators: &[char]) -> Option<Version> {
        let parts: Vec<&str> = text.split(separators).collect();
        let number = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        parts.iter().all(number).then(|| {
            let mut numbers: Vec<String> = parts.iter().map(|p| p.trim_start_matches('0').to_string()).collect();
            // `1.0` is `1`.
            while numbers.len() > 1 && numbers.last().is_some_and(String::is_empty) {
                numbers.pop();
            }
            Version(numbers)
        })
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Version) -> Ordering {
        let key = |part: &String| (part.len(), part.clone());
        self.0.iter().map(key).cmp(other.0.iter().map(key))
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Version) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// What the name of a file says, its path below the folder: the first format that it fits.
fn part(path: &str) -> Option<(Format, Part)> {
    let (above, name) = path.rsplit_once('/').unwrap_or(("", path));
    let stem = name.strip_suffix(".sql")?;
    if let "up" | "down" = stem {
        let folder = above.rsplit('/').next().unwrap_or_default();
        // diesel's own folders write a date with dashes.
        let version = Version::parse(&folder.split('_').next().unwrap_or_default().replace('-', ""), &[])?;
        return Some((Format::Diesel, if stem == "up" { Part::Up(version) } else { Part::Down(version) }));
    }
    if let Some(name) = stem.strip_prefix("R__") {
        return Some((Format::Flyway, Part::Repeatable(name.to_string())));
    }
    if let Some((way, version)) = flyway(stem) {
        return Some((Format::Flyway, way(version)));
    }
    let (body, way): (&str, Option<Way>) = match stem.rsplit_once('.') {
        Some((body, "up")) => (body, Some(Part::Up)),
        Some((body, "down")) => (body, Some(Part::Down)),
        _ => (stem, None),
    };
    let (number, _) = body.split_once('_')?;
    match (number.strip_prefix('V'), way) {
        (Some(number), Some(way)) => Some((Format::Msr, way(Version::parse(number, &[])?))),
        (Some(_), None) => None,
        (None, Some(way)) => Some((Format::UpDown, way(Version::parse(number, &[])?))),
        (None, None) => Some((Format::Sqlx, Part::Up(Version::parse(number, &[])?))),
    }
}

/// `V1_2__name` and `U1.2__name`.
fn flyway(stem: &str) -> Option<(Way, Version)> {
    let (head, _) = stem.split_once("__")?;
    let way: Way = match head.get(..1)? {
        "V" => Part::Up,
        "U" => Part::Down,
        _ => return None,
    };
    Some((way, Version::parse(&head[1..], &['.', '_'])?))
}

/// Whether a folder of SQL is one of migrations beyond doubt. Files that are merely numbered, as `01_tables.sql`, are as well
/// those of a schema.
pub fn are_migrations(folder: &str) -> bool {
    let Ok(files) = read::files(folder) else { return false };
    let names = |f: &File| part(below(folder, &f.name)).map(|(format, _)| (format, digits(below(folder, &f.name))));
    let told: Option<Vec<(Format, usize)>> = files.iter().map(names).collect();
    let sure = |(format, digits): &(Format, usize)| *format != Format::Sqlx || *digits >= 8;
    told.is_some_and(|told| !told.is_empty() && told.iter().all(sure))
}

fn digits(path: &str) -> usize {
    path.bytes().take_while(u8::is_ascii_digit).count()
}

fn below<'a>(folder: &str, name: &'a str) -> &'a str {
    name.strip_prefix(folder).unwrap_or(name).trim_start_matches('/')
}

impl Source {
    /// Reads a folder of migrations as their statements, to be loaded in just that order.
    pub fn migrations(folder: &str, dialect: Dialect) -> Result<Source> {
        if !Path::new(folder).is_dir() {
            return Err(Error::config(format!("cannot read migrations from `{folder}`: it is no folder")));
        }
        let mut source = Source::parse(ups(folder, read::files(folder)?)?, dialect)?;
        source.as_written = true;
        Ok(source)
    }
}

/// What is run, in order.
fn ups(folder: &str, files: Vec<File>) -> Result<Vec<File>> {
    let told = files.into_iter().map(|file| tell(folder, file)).collect::<Result<Vec<_>>>()?;
    of_one_tool(folder, &told)?;
    let mut ordered: BTreeMap<Part, File> = BTreeMap::new();
    for (_, part, file) in told.into_iter().filter(|(_, part, _)| !matches!(part, Part::Down(_))) {
        if let Some(other) = ordered.get(&part) {
            return Err(Error::refused(format!("cannot read migrations from `{folder}`: two have one version"))
                .detail(other.name.clone())
                .detail(file.name));
        }
        ordered.insert(part, file);
    }
    if ordered.is_empty() {
        return Err(unknown(folder, "there is none that leads forward".into()));
    }
    Ok(ordered.into_values().collect())
}

/// What a file is, with the text that is run.
fn tell(folder: &str, file: File) -> Result<(Format, Part, File)> {
    if let Some((_, tool)) = FOREIGN.iter().find(|(mark, _)| file.text.lines().any(|line| line.starts_with(mark))) {
        return Err(unknown(folder, format!("`{}` is one of {tool}'s", file.name)));
    }
    match (part(below(folder, &file.name)), sections(&file.text)) {
        (Some((Format::Sqlx, part)), Some(text)) => Ok((Format::Dbmate, part, File { text, ..file })),
        (Some((format, part)), _) => Ok((format, part, file)),
        (None, _) => Err(unknown(folder, format!("`{}` is named like none of theirs", file.name))),
    }
}

fn of_one_tool(folder: &str, told: &[(Format, Part, File)]) -> Result<()> {
    let by_format: BTreeMap<Format, &str> =
        told.iter().map(|(format, _, file)| (*format, file.name.as_str())).collect();
    if by_format.len() < 2 {
        return Ok(());
    }
    let name = |format: &Format| FORMATS.iter().find(|(f, _)| f == format).map_or("", |(_, name)| name);
    let error = Error::refused(format!("cannot tell which tool's migrations are in `{folder}`"));
    let error = by_format.iter().fold(error, |e, (format, file)| e.detail(format!("{file} is of {}", name(format))));
    Err(error.hint("name a folder that holds those of one tool"))
}

/// dbmate's way forward: what follows `-- migrate:up`, in its lines.
fn sections(text: &str) -> Option<String> {
    let mark = |line: &str, word: &str| line.split_whitespace().take(2).eq(["--", word]);
    let up = text.lines().position(|line| mark(line, "migrate:up"))?;
    let down = text.lines().position(|line| mark(line, "migrate:down"));
    let line = |(i, line): (usize, &str)| {
        if i > up && down.is_none_or(|d| i < d || d < up) { format!("{line}\n") } else { "\n".into() }
    };
    Some(text.lines().enumerate().map(line).collect())
}

fn unknown(folder: &str, why: String) -> Error {
    let known: Vec<&str> = FORMATS.iter().map(|(_, name)| *name).collect();
    Error::refused(format!("cannot read migrations from `{folder}`: {why}"))
        .hint(format!("known are {}", known.join("; ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(names: &[&str]) -> Result<Vec<String>> {
        let text = |name: &str| match name.starts_with("db") {
            true => "-- migrate:up\nup\n-- migrate:down\ndown\n".to_string(),
            false => "select 1".into(),
        };
        let file = |name: &&str| File { name: format!("m/{}", name.trim_start_matches("db:")), text: text(name) };
        let ups = ups("m", names.iter().map(file).collect())?;
        Ok(ups.into_iter().map(|f| f.name[2..].to_string()).collect())
    }

    #[test]
    fn formats_and_their_order() {
        for (names, order) in [
            (
                &["2024-01-02-000000_b/up.sql", "2024-01-02-000000_b/down.sql", "00000000000000_a/up.sql"][..],
                &[2, 0][..],
            ),
            (&["10_b.sql", "9_a.sql"], &[1, 0]),
            (&["db:20240101_a.sql", "db:20230101_b.sql"], &[1, 0]),
            (&["1_a.up.sql", "1_a.down.sql", "002_b.up.sql"], &[0, 2]),
            (&["R__views.sql", "V2__b.sql", "V1_10__c.sql", "V1.9__a.sql", "U2__b.sql"], &[3, 2, 1, 0]),
            (&["sub/V2__b.sql", "V1__a.sql"], &[1, 0]),
            (&["V20260102_b.up.sql", "V20260101_a.up.sql", "V20260101_a.down.sql"], &[1, 0]),
        ] {
            let want: Vec<&str> = order.iter().map(|i| names[*i].trim_start_matches("db:")).collect();
            assert_eq!(read(names).unwrap(), want);
        }
    }

    #[test]
    fn what_is_not_clear_is_refused() {
        for (names, says) in [
            (&["1_a.sql", "V1__a.sql"][..], "which tool's"),
            (&["1_a.sql", "db:2_b.sql"], "which tool's"),
            (&["1_a.sql", "01_b.sql"], "two have one version"),
            (&["V1__a.sql", "V1.0__b.sql"], "two have one version"),
            (&["tables.sql"], "`m/tables.sql` is named like none"),
            (&["V1_a.sql"], "is named like none"),
            (&["1_a.down.sql"], "none that leads forward"),
            (&[], "none that leads forward"),
        ] {
            let error = read(names).unwrap_err();
            assert!(error.message.contains(says), "{error}");
        }
        let goose = File { name: "m/1_a.sql".into(), text: "-- +goose Up\nselect 1".into() };
        assert!(ups("m", vec![goose]).unwrap_err().message.contains("goose"));
    }

    #[test]
    fn sections_keep_their_lines() {
        assert_eq!(
            sections("-- x\n-- migrate:up transaction:false\na\n\n-- migrate:down\nb").as_deref(),
            Some("\n\na\n\n\n\n")
        );
        assert_eq!(sections("-- migrate:down\nb\n-- migrate:up\na").as_deref(), Some("\n\n\na\n"));
        assert_eq!(sections("create table t ()"), None);
    }
}
