//! `pg_service.conf`: named sets of connection parameters
//! (<https://www.postgresql.org/docs/current/libpq-pgservice.html>).

use std::path::PathBuf;

use super::parameter::{self, Parameter};
use crate::{Error, Result};

/// One parameter of a service, with the line it stands on for messages.
pub struct Entry {
    pub parameter: &'static Parameter,
    pub value: String,
    pub place: String,
}

/// The system-wide file: Debian's sysconfdir, then that of a PostgreSQL built from source.
const SYSTEM_FOLDERS: &[&str] = &["/etc/postgresql-common", "/usr/local/pgsql/etc"];

/// The files a service is looked for in: the user's, then the system's.
pub fn files(given: Option<&str>, env: &dyn Fn(&str) -> Option<String>) -> Vec<PathBuf> {
    let home = env("HOME").map(|home| PathBuf::from(home).join(".pg_service.conf"));
    let users = given.map(PathBuf::from).or(home);
    let folders = match env("PGSYSCONFDIR") {
        Some(folder) => vec![folder],
        None => SYSTEM_FOLDERS.iter().map(|folder| folder.to_string()).collect(),
    };
    users.into_iter().chain(folders.iter().map(|folder| PathBuf::from(folder).join("pg_service.conf"))).collect()
}

/// The parameters of the service `name`, from the first file that has it.
pub fn read(name: &str, files: &[PathBuf]) -> Result<Vec<Entry>> {
    for path in files {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => continue,
            Err(e) => return Err(Error::config(format!("can't read `{}`: {e}", path.display()))),
        };
        if let Some(entries) = section(&text, name, &path.display().to_string())? {
            return Ok(entries);
        }
    }
    let looked: Vec<String> = files.iter().map(|path| path.display().to_string()).collect();
    Err(Error::config("the service asked for is in no service file").detail(format!("looked in {}", looked.join(", "))))
}

fn section(text: &str, name: &str, path: &str) -> Result<Option<Vec<Entry>>> {
    let mut inside = false;
    let mut entries = None;
    for (line, number) in text.lines().zip(1..) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(header) = line.strip_prefix('[') {
            if inside {
                break;
            }
            inside = header.strip_suffix(']') == Some(name);
            if inside {
                entries = Some(vec![]);
            }
            continue;
        }
        if let Some(entries) = entries.as_mut() {
            entries.push(entry(line, format!("{path}:{number}"))?);
        }
    }
    Ok(entries)
}

fn entry(line: &str, place: String) -> Result<Entry> {
    let Some((key, value)) = line.split_once('=') else {
        return Err(Error::config("a line of the service has no `=`").at(place));
    };
    match parameter::find(key.trim()) {
        Some(parameter) if parameter.name == "service" || parameter.name == "servicefile" => {
            Err(Error::config("a service can't name another service").at(place))
        }
        Some(parameter) => Ok(Entry { parameter, value: value.trim().to_owned(), place }),
        None => Err(Error::config("the service has a parameter that libpq does not know").at(place)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# c\n[one]\nhost=a\n\n[two]\nhost = b\nport=5433\npassword=se=same\n[three]\nnonsense\n";

    #[test]
    fn the_section_and_no_other() {
        let entries = section(TEXT, "two", "f").ok().flatten().unwrap_or_default();
        let read: Vec<_> = entries.iter().map(|e| (e.parameter.name, e.value.as_str(), e.place.as_str())).collect();
        assert_eq!(read, [("host", "b", "f:6"), ("port", "5433", "f:7"), ("password", "se=same", "f:8")]);
        assert!(section(TEXT, "four", "f").is_ok_and(|entries| entries.is_none()));
        let error = section(TEXT, "three", "f").err().map(|e| e.to_string());
        assert_eq!(error.as_deref(), Some("f:10: a line of the service has no `=`"));
    }
}
