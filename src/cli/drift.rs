use super::context::{Context, Format};
use super::progress::Progress;
use super::source_arg::{Reader, Seen, form};
use super::{Done, output, plans, session};
use msr::drift::{self, Difference, How, Left};
use msr::engine::Access;
use msr::model::Catalog;
use msr::render::table::{Cell, table};
use msr::render::text::{count, label, line, statement};
use msr::render::{Tone, json};
use msr::{Error, Result};
use std::path::{Path, PathBuf};

/// Compare the database with what the last plan left, and with schema/
///
/// Every difference is named; with one the exit code is 2. What the last plan left is found by replaying the plans of the
/// journal on scratch; where they begin at a state that was there before them, only what they touched can be compared.
///
/// Formats: human, json.
#[derive(clap::Args)]
pub struct Args {
    /// Write the SQL that makes schema/ equal to the database into this file, or into a new file in this folder
    #[arg(long, value_name = "FILE|FOLDER")]
    adopt: Option<PathBuf>,
}

/// One comparison: against what, and what came of it.
struct Compared {
    against: String,
    differences: Vec<Difference>,
    note: Option<String>,
}

pub fn run(context: &Context, args: Args) -> Result<Done> {
    let format = context.format(&[Format::Human, Format::Json])?;
    let settings = context.settings()?;
    let (engine, mut session) = session::target(&settings, Access::Read)?;
    let mut progress = Progress::new(context);
    progress.at("reading the database", 0, 0);
    let left = drift::left(&mut *session)?;
    let reader = Reader { context, settings: &settings, engine };
    let mut all = vec![];
    if let Some(left) = &left {
        session.look_at_roles(&left.roles());
        let live = session.inspect()?;
        progress.at("replaying the plans", 0, 0);
        all.push(plans_left(&reader, left, &live)?);
    }
    drop(progress);
    let desired = match Path::new(&settings.schema).exists() || settings.schema.contains(':') {
        true => {
            let form = form(&settings.schema, &settings)?;
            session.look_at_roles(&reader.statements(&form)?.roles());
            Some(reader.catalog(&form)?)
        }
        false => None,
    };
    let live = Seen::of(&mut *session)?;
    if let Some(desired) = &desired {
        let differences = drift::between(settings.manage, &live.catalog, &desired.catalog);
        all.push(Compared { against: settings.schema.clone(), differences, note: None });
    }
    if all.is_empty() {
        return Err(Error::refused(format!(
            "there is nothing to compare with: no plan was applied, and no `{}`",
            settings.schema
        )));
    }
    shown(context, format, &all)?;
    if let Some(path) = &args.adopt {
        let desired =
            desired.ok_or_else(|| Error::usage(format!("there is no `{}` to adopt into", settings.schema)))?;
        adopt(context, &reader, path, &desired.catalog, &live)?;
    }
    let any = all.iter().any(|c| !c.differences.is_empty());
    Ok(if any { Done::Look } else { Done::Fine })
}

fn plans_left(reader: &Reader, left: &Left, live: &Catalog) -> Result<Compared> {
    let against = format!("plan {}", label(&left.version, &left.name));
    if left.live == Some(live.fingerprint()) {
        return Ok(Compared { against, differences: vec![], note: None });
    }
    let replayed = reader.scratch(&left.roles()).and_then(|mut scratch| left.replayed(&mut *scratch));
    let why = match replayed {
        Ok(Some(expected)) => {
            return Ok(Compared {
                against,
                differences: drift::between(reader.settings.manage, live, &expected),
                note: None,
            });
        }
        Ok(None) => "the plans begin at a state that was there before them".to_string(),
        Err(e) => format!("the plans could not be replayed: {}", e.message),
    };
    let differences = left.touched(live);
    let other = if differences.is_empty() && left.live.is_some() { "; something else did change" } else { "" };
    let note = format!("{why}, so only what they touched is compared{other}");
    Ok(Compared { against, differences, note: Some(note) })
}

fn shown(context: &Context, format: Format, all: &[Compared]) -> Result<()> {
    if format == Format::Json {
        let compared: Vec<_> = all.iter().map(as_json).collect();
        return output::result(&json::pretty(&serde_json::json!({ "format": 1, "compared": compared })));
    }
    for compared in all {
        let against = line(&compared.against);
        if let Some(note) = &compared.note {
            output::warning(context, &format!("against {against}: {note}"));
        }
        if compared.differences.is_empty() {
            output::result(&format!("against {against}: no difference\n"))?;
            continue;
        }
        let rows: Vec<Vec<Cell>> = drift::folded(&compared.differences).into_iter().map(cells).collect();
        let all = count(rows.len(), "difference");
        let table = table(&["OBJECT", "DIFFERENCE"], &rows, context.look());
        output::result(&format!("against {against}: {all}\n{table}"))?;
    }
    Ok(())
}

fn cells(difference: &Difference) -> Vec<Cell> {
    let told = match &difference.how {
        How::Missing => Cell::toned("is not there", Tone::Drop),
        How::Extra => Cell::toned("is there and should not be", Tone::Create),
        How::Changed(attrs) if attrs.is_empty() => Cell::toned("was changed", Tone::Change),
        How::Changed(attrs) => {
            let one = |(attr, then, now): &(String, String, String)| {
                format!("{attr} is `{}`, should be `{}`", short(now), short(then))
            };
            Cell::toned(attrs.iter().map(one).collect::<Vec<_>>().join("; "), Tone::Change)
        }
    };
    vec![difference.id.to_string().into(), told]
}

/// The beginning of a long text: the json has the whole.
fn short(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_string(),
    }
}

fn as_json(compared: &Compared) -> serde_json::Value {
    let one = |d: &Difference| {
        let (what, attrs) = match &d.how {
            How::Missing => ("missing", vec![]),
            How::Extra => ("extra", vec![]),
            How::Changed(attrs) => ("changed", attrs.clone()),
        };
        let attrs: Vec<_> = attrs
            .into_iter()
            .map(|(attr, then, now)| serde_json::json!({ "attr": attr, "expected": then, "is": now }))
            .collect();
        serde_json::json!({ "object": d.id.to_string(), "kind": d.id.kind.name(), "difference": what, "attrs": attrs })
    };
    serde_json::json!({
        "against": compared.against,
        "note": compared.note,
        "differences": compared.differences.iter().map(one).collect::<Vec<_>>(),
    })
}

fn adopt(context: &Context, reader: &Reader, path: &Path, desired: &Catalog, live: &Seen) -> Result<()> {
    let mut to = Seen { catalog: live.catalog.clone(), server: live.server.clone(), unchecked: live.unchecked.clone() };
    msr::plan::only_managed(reader.settings.manage, &mut to.catalog, desired);
    let plan = reader.between(desired, &to)?;
    if plan.is_empty() {
        output::note(context, "there is nothing to adopt");
        return Ok(());
    }
    let now = jiff::Timestamp::now().strftime("%Y%m%d%H%M%S");
    let file = if path.is_dir() { path.join(format!("adopted_{now}.sql")) } else { path.to_owned() };
    if file.exists() {
        return Err(Error::refused(format!("`{}` is there already", file.display()))
            .hint("name a new file, or a folder: msr does not overwrite your files"));
    }
    let head = format!("-- What makes {} equal to {}.\n", line(&reader.settings.schema), reader.settings.database);
    let sql: String = plan.steps.iter().flat_map(|s| &s.up).map(|sql| statement(sql) + "\n").collect();
    plans::write(&file, &(head + &sql))?;
    output::note(context, &format!("wrote {}", file.display()));
    Ok(())
}
