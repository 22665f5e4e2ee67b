//! Files and folders of SQL, read whole.

use super::File;
use crate::{Error, Result};
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// No schema is this big; a data dump given by mistake is.
const LARGEST: u64 = 64 << 20;

/// Deeper folders are a loop of links.
const DEEPEST: usize = 32;

pub fn files(path: &str) -> Result<Vec<File>> {
    let mut budget = LARGEST;
    if path == "-" {
        return Ok(vec![file("<stdin>", io::stdin().lock(), &mut budget)?]);
    }
    let about = fs::metadata(path).map_err(|e| match e.kind() {
        io::ErrorKind::NotFound => Error::config(format!("cannot read schema `{path}`: no such file or folder"))
            .hint("`msr init` makes a folder `schema/`; `--schema PATH` names another"),
        _ => unreadable(path, &e),
    })?;
    let paths = if about.is_dir() { folder(Path::new(path), 0)? } else { vec![PathBuf::from(path)] };
    paths.iter().map(|p| open(p, &mut budget)).collect()
}

fn unreadable(path: impl AsRef<Path>, cause: &io::Error) -> Error {
    Error::config(format!("cannot read schema `{}`: {cause}", path.as_ref().display()))
}

/// The `.sql` files under a folder, sorted by path. Hidden files are left out: editors keep half-written copies there.
fn folder(path: &Path, depth: usize) -> Result<Vec<PathBuf>> {
    if depth > DEEPEST {
        return Err(Error::config(format!("cannot read schema `{}`: folders are too deep", path.display()))
            .hint("does a symbolic link lead back to a folder above it?"));
    }
    let mut entries = fs::read_dir(path)
        .and_then(|entries| entries.map(|e| e.map(|e| e.path())).collect::<io::Result<Vec<_>>>())
        .map_err(|e| unreadable(path, &e))?;
    entries.sort();
    let mut found = vec![];
    for entry in entries {
        let hidden = entry.file_name().is_some_and(|n| n.as_encoded_bytes().starts_with(b"."));
        let sql = entry.extension().is_some_and(|e| e.eq_ignore_ascii_case("sql"));
        if hidden {
            continue;
        }
        match fs::metadata(&entry) {
            Ok(about) if about.is_dir() => found.extend(folder(&entry, depth + 1)?),
            Ok(_) if sql => found.push(entry),
            Err(e) if sql => return Err(unreadable(&entry, &e)),
            _ => {}
        }
    }
    Ok(found)
}

fn open(path: &Path, budget: &mut u64) -> Result<File> {
    let reader = fs::File::open(path).map_err(|e| unreadable(path, &e))?;
    file(&path.to_string_lossy(), reader, budget)
}

fn file(name: &str, reader: impl Read, budget: &mut u64) -> Result<File> {
    let mut bytes = vec![];
    reader.take(*budget + 1).read_to_end(&mut bytes).map_err(|e| unreadable(name, &e))?;
    let length = bytes.len() as u64;
    if length > *budget {
        return Err(Error::refused(format!("cannot read schema `{name}`: more than {} MB in all", LARGEST >> 20))
            .hint("schema files hold structure, not data; `pg_dump --schema-only` leaves it out"));
    }
    *budget -= length;
    Ok(File { name: name.to_string(), text: decode(name, bytes)? })
}

fn decode(name: &str, bytes: Vec<u8>) -> Result<String> {
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(Error::refused(format!("cannot read schema `{name}`: it is UTF-16, not UTF-8"))
            .hint(format!("convert it: iconv -f UTF-16 -t UTF-8 {name}")));
    }
    String::from_utf8(bytes).map_err(|e| {
        let offset = e.utf8_error().valid_up_to();
        let before = &e.as_bytes()[..offset];
        let line = before.iter().filter(|b| **b == b'\n').count() + 1;
        let start = before.iter().rposition(|b| *b == b'\n').map_or(0, |i| i + 1);
        let column = String::from_utf8_lossy(&before[start..]).chars().count() + 1;
        Error::refused(format!("the file is not UTF-8: byte {offset} is 0x{:02x}", e.as_bytes()[offset]))
            .at(format!("{name}:{line}:{column}"))
            .hint("save it as UTF-8")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_read_recursively_and_sorted() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        fs::create_dir_all(root.join("b/c")).unwrap();
        fs::create_dir_all(root.join(".git")).unwrap();
        for (name, text) in [
            ("z.sql", "\u{feff}select 1"),
            ("a.sql", ""),
            ("b/c/x.sql", "é"),
            ("b/notes.txt", "no"),
            (".git/h.sql", "no"),
        ] {
            fs::write(root.join(name), text).unwrap();
        }
        let prefix = root.to_str().unwrap();
        let got = files(prefix).unwrap();
        let names: Vec<_> = got.iter().map(|f| f.name.strip_prefix(prefix).unwrap()).collect();
        assert_eq!(names, ["/a.sql", "/b/c/x.sql", "/z.sql"]);
        assert_eq!(got[1].text, "é");
    }

    #[test]
    fn what_cannot_be_read_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.sql");
        let name = path.to_str().unwrap();
        assert!(files(dir.path().to_str().unwrap()).unwrap().is_empty());
        let missing = files(name).unwrap_err();
        assert!(missing.hints[0].contains("msr init"), "{missing}");
        for (bytes, message) in [(&b"\xff\xfea\0"[..], "UTF-16"), (&b"ab\n\xc3\xa9\xe9 c"[..], "byte 5 is 0xe9")] {
            fs::write(&path, bytes).unwrap();
            let error = files(name).unwrap_err();
            assert!(error.message.contains(message), "{error}");
        }
        let error = files(name).unwrap_err();
        assert_eq!(error.at.unwrap(), format!("{name}:2:2"));
        let mut budget = 3;
        assert!(file("x", &b"abcd"[..], &mut budget).is_err());
        assert!(file("x", &b"abc"[..], &mut budget).is_ok());
    }
}
