//! `.pgpass`: `host:port:database:user:password`, the first line that matches
//! (<https://www.postgresql.org/docs/current/libpq-pgpass.html>).

use std::path::Path;

use secrecy::SecretString;

/// A password file's text, or why it was not read.
pub enum PassFile {
    Absent,
    /// libpq ignores a file that others can read, with a warning; so does msr.
    Ignored(String),
    Text(SecretString),
}

pub fn read(path: &Path) -> PassFile {
    let Ok(metadata) = std::fs::metadata(path) else { return PassFile::Absent };
    if !metadata.is_file() {
        return PassFile::Ignored("the password file is no plain file and was ignored".into());
    }
    #[cfg(unix)]
    if std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o077 != 0 {
        return PassFile::Ignored(
            "the password file can be read by group or others and was ignored; `chmod 600` makes it usable".into(),
        );
    }
    match std::fs::read_to_string(path) {
        Ok(text) => PassFile::Text(SecretString::from(text)),
        Err(e) => PassFile::Ignored(format!("the password file could not be read and was ignored: {e}")),
    }
}

/// The password of the first line that matches; `hosts` are the names that this server goes by.
pub fn password(text: &str, hosts: &[&str], port: u16, database: &str, user: &str) -> Option<SecretString> {
    let port = port.to_string();
    text.lines().filter(|line| !line.starts_with('#')).find_map(|line| {
        let mut rest = line;
        let host = field(&mut rest)?;
        let others = [field(&mut rest)?, field(&mut rest)?, field(&mut rest)?];
        let wanted = [port.as_str(), database, user];
        let matches = (host == "*" || hosts.iter().any(|name| unescape(host) == *name))
            && others.iter().zip(wanted).all(|(field, wanted)| *field == "*" || unescape(field) == wanted);
        let password = field(&mut rest).unwrap_or(rest);
        (matches && !password.is_empty()).then(|| SecretString::from(unescape(password)))
    })
}

/// Cuts the text before the next unescaped colon off; `None` when there is no such colon.
fn field<'a>(rest: &mut &'a str) -> Option<&'a str> {
    let mut escaped = false;
    let end = rest.bytes().position(|byte| {
        let ends = byte == b':' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    })?;
    let (field, after) = rest.split_at(end);
    *rest = &after[1..];
    Some(field)
}

fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        plain.push(if c == '\\' { chars.next().unwrap_or(c) } else { c });
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    fn find(text: &str, host: &str, port: u16) -> Option<String> {
        password(text, &[host], port, "db", "me").map(|text| text.expose_secret().to_owned())
    }

    #[test]
    fn first_match_wins() {
        let text = "# db:5432:db:me:comment\nbad line\nother:5432:db:me:no\ndb:5432:db:me:one\n*:*:*:*:two\n";
        assert_eq!(find(text, "db", 5432).as_deref(), Some("one"));
        assert_eq!(find(text, "db", 5433).as_deref(), Some("two"));
        assert_eq!(find("db:*:db:you:x", "db", 1), None);
    }

    #[test]
    fn escapes() {
        assert_eq!(find(r"\:\:1:*:db:me:a\:b\\c", "::1", 1).as_deref(), Some(r"a:b\c"));
        assert_eq!(find(r"\*:*:db:me:x", "db", 1), None);
    }

    #[cfg(unix)]
    #[test]
    fn open_files_are_ignored_with_a_warning() {
        use std::os::unix::fs::PermissionsExt;
        let file = tempfile::NamedTempFile::new().unwrap_or_else(|e| panic!("{e}"));
        std::fs::write(file.path(), "*:*:*:*:sesame").unwrap_or_else(|e| panic!("{e}"));
        for (mode, usable) in [(0o600, true), (0o400, true), (0o640, false), (0o604, false)] {
            let permissions = std::fs::Permissions::from_mode(mode);
            std::fs::set_permissions(file.path(), permissions).unwrap_or_else(|e| panic!("{e}"));
            assert_eq!(matches!(read(file.path()), PassFile::Text(_)), usable, "{mode:o}");
            assert_eq!(matches!(read(file.path()), PassFile::Ignored(_)), !usable, "{mode:o}");
        }
        assert!(matches!(read(Path::new("/nonexistent")), PassFile::Absent));
    }
}
