//! A catalog as data, for `msr inspect --format json|ron`.

use super::json;
use crate::model::{self, Unmodelled, Value};
use serde::Serialize;
use std::collections::BTreeMap;

const FORMAT: u32 = 1;

#[derive(Serialize)]
struct Catalog<'a> {
    format: u32,
    fingerprint: String,
    objects: Vec<Object>,
    unmodelled: Vec<&'a Unmodelled>,
}

#[derive(Serialize)]
struct Object {
    id: String,
    kind: &'static str,
    path: Vec<String>,
    parent: Option<String>,
    /// Those that say something: an attribute that is not there is none.
    attrs: BTreeMap<&'static str, Value>,
    needs: Vec<String>,
}

pub fn json(catalog: &model::Catalog) -> String {
    json::pretty(&of(catalog))
}

pub fn ron(catalog: &model::Catalog) -> crate::Result<String> {
    let config = ron::ser::PrettyConfig::new().struct_names(true).escape_strings(false).new_line("\n").indentor("  ");
    let text = ron::ser::to_string_pretty(&of(catalog), config);
    Ok(text.map_err(|e| crate::Error::failed(format!("can't write the catalog as RON: {e}")))? + "\n")
}

fn of(catalog: &model::Catalog) -> Catalog<'_> {
    Catalog {
        format: FORMAT,
        fingerprint: catalog.fingerprint().to_string(),
        objects: catalog.iter().map(object).collect(),
        unmodelled: catalog.unmodelled.iter().collect(),
    }
}

fn object(object: &model::Object) -> Object {
    Object {
        id: object.id().to_string(),
        kind: object.id().kind.name(),
        path: object.id().path.iter().map(|s| s.to_string()).collect(),
        parent: object.parent().map(|p| p.to_string()),
        attrs: object.attrs().into_iter().filter(|(_, value)| *value != Value::None).collect(),
        needs: object.refs().iter().map(|r| r.to.to_string()).collect(),
    }
}
