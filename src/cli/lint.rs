use super::context::{Context, Format};
use super::progress::Progress;
use super::source_arg::{Form, Reader, form};
use super::{Done, output, plan, plans};
use msr::engine::{self, Access, Engine, Figures, Session, filtered};
use msr::lint::scripts::{self, Look};
use msr::lint::{Policy, Report, report, rules};
use msr::plan::Level;
use msr::render::lint as render;
use msr::settings::{Origin, Settings};
use msr::source::script::Script;
use msr::{Error, Result};
use std::path::Path;

/// Tell what a change does to a running application
///
/// Without arguments, what `msr plan` would do; else saved plans (.ron) or hand-written migrations (.sql), which are run on
/// a scratch database with the schema that they are for. Exits with 2 when something is found that is denied.
///
/// Formats: human, json, markdown, github, gitlab, sarif, junit.
#[derive(clap::Args)]
pub struct Args {
    /// Plan files, SQL files, or folders of SQL files
    files: Vec<String>,
    /// The schema that the files are run on; without it the desired one, where there is one [default: --schema]
    #[arg(long, value_name = "SOURCE")]
    from: Option<String>,
    /// The files are run by a tool that puts a transaction around each
    #[arg(long)]
    in_transaction: bool,
    /// Let this rule pass; `destructive` stands for all that loses data, `all` for every rule
    #[arg(long, value_name = "RULE")]
    allow: Vec<String>,
    /// Say what a rule is about, and what to do instead; `all` lists the rules
    #[arg(long, value_name = "RULE", conflicts_with_all = ["files", "from", "allow", "in_transaction"])]
    explain: Option<String>,
}

pub fn run(context: &Context, args: Args) -> Result<Done> {
    if let Some(name) = &args.explain {
        return explain(context, name);
    }
    let formats =
        [Format::Human, Format::Json, Format::Markdown, Format::Github, Format::Gitlab, Format::Sarif, Format::Junit];
    let format = context.format(&formats)?;
    let settings = context.settings()?;
    let policy = Policy::new(&settings.lint, &args.allow);
    policy.check()?;
    let mut reports = match args.files.is_empty() {
        true => vec![planned(context, &settings, &args, &policy)?],
        false => files(context, &settings, &args, &policy)?,
    };
    reports.iter_mut().for_each(with_excerpts);
    output::result(&match format {
        Format::Json => render::json::reports(&reports),
        Format::Markdown => render::markdown::reports(&reports),
        Format::Github => render::github(&reports),
        Format::Gitlab => render::gitlab(&reports),
        Format::Sarif => render::sarif(&reports),
        Format::Junit => render::junit::reports(&reports),
        _ => render::human::reports(&reports, context.look()),
    })?;
    let denied = reports.iter().any(|r| r.count(Level::Deny) > 0);
    Ok(if denied { Done::Look } else { Done::Fine })
}

fn explain(context: &Context, name: &str) -> Result<Done> {
    let text = match rules::named(name) {
        Some(rule) => render::human::explain(rule, context.look()),
        None if name == "all" => {
            rules::all().map(|r| format!("{:34} {:5} {}\n", r.id, render::human::own_level(r), r.title)).collect()
        }
        None => {
            let known: Vec<&str> = rules::all().map(|r| r.id).collect();
            let error = Error::usage(format!("no rule is called `{}`", name.escape_debug()));
            return Err(match msr::error::closest(name, &known) {
                Some(near) => error.hint(format!("did you mean `{near}`?")),
                None => error.hint("`msr lint --explain all` names them"),
            });
        }
    };
    output::result(&text)?;
    Ok(Done::Fine)
}

fn planned(context: &Context, settings: &Settings, args: &Args, policy: &Policy) -> Result<Report> {
    let (plan, notes) = plan::to_lint(context, settings, args.from.clone(), policy)?;
    Ok(Report { subject: settings.schema.clone(), findings: report::of_plan(&plan, policy), notes })
}

fn files(context: &Context, settings: &Settings, args: &Args, policy: &Policy) -> Result<Vec<Report>> {
    let engine = engine::named(settings.database.engine())?;
    let mut reports = vec![];
    let mut scratch: Option<Base> = None;
    for file in &args.files {
        if Path::new(file).extension().is_some_and(|e| e == "ron") {
            let saved = plans::read(Path::new(file))?;
            let findings = report::of_plan(&saved.loaded.plan, policy);
            reports.push(Report { subject: saved.file, findings, notes: vec![] });
            continue;
        }
        for script in Script::read(file, engine.dialect())? {
            let base = match &mut scratch {
                Some(base) => base,
                None => scratch.insert(base_or_none(context, settings, args, engine)?),
            };
            let look = Look {
                engine: engine.name(),
                policy,
                in_transaction: args.in_transaction,
                today: today(),
                figures: &base.figures,
            };
            let looked = scripts::lint(&script, base.session.as_deref_mut(), &look)?;
            let notes = looked.notes.into_iter().chain(base.missing.clone()).collect();
            reports.push(Report { subject: script.file.name.clone(), findings: looked.findings, notes });
        }
    }
    Ok(reports)
}

/// What scripts are run on, or why there is none.
struct Base {
    session: Option<Box<dyn Session>>,
    missing: Option<String>,
    /// Of the database that the schema was read from.
    figures: Figures,
}

/// A script can be read where no server is at hand; a schema that was asked for must be loaded.
fn base_or_none(context: &Context, settings: &Settings, args: &Args, engine: &'static dyn Engine) -> Result<Base> {
    let asked = args.from.is_some() || !matches!(settings.origin("schema"), Origin::Default);
    match base(context, settings, args, engine) {
        Ok((session, figures)) => Ok(Base { session: Some(session), missing: None, figures }),
        Err(e) if asked || Path::new(&settings.schema).exists() => Err(e),
        Err(e) => {
            let missing = format!("no scratch database: {}; only what the text says is known", e.message);
            Ok(Base { session: None, missing: Some(missing), figures: Figures::default() })
        }
    }
}

pub fn today() -> jiff::civil::Date {
    jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date()
}

/// A scratch database with the schema that the files are run on.
fn base(
    context: &Context,
    settings: &Settings,
    args: &Args,
    engine: &'static dyn Engine,
) -> Result<(Box<dyn Session>, Figures)> {
    let reader = Reader { context, settings, engine };
    let asked = args.from.is_some() || !matches!(settings.origin("schema"), Origin::Default);
    let name = args.from.as_deref().unwrap_or(&settings.schema);
    if !asked && !Path::new(name).exists() {
        return Ok((reader.scratch(&Default::default())?, Figures::default()));
    }
    let source: Form = form(name, settings)?;
    let statements = reader.statements(&source)?;
    let mut scratch = reader.scratch(&statements.roles())?;
    let mut progress = Progress::new(context);
    let of = statements.statements.len();
    scratch.load(&statements, &mut |done| progress.at("loading the schema", done, of))?;
    let figures = match &source {
        Form::Database(url) => filtered(engine.connect(url, Access::Read)?, &settings.filter).figures()?,
        _ => Figures::default(),
    };
    Ok((scratch, figures))
}

/// The lines of schema files that findings of plans stand at.
fn with_excerpts(report: &mut Report) {
    for place in report.findings.iter_mut().filter_map(|f| f.place.as_mut()).filter(|p| p.excerpt.is_empty()) {
        let Ok(text) = std::fs::read_to_string(&place.file) else { continue };
        let Some(line) = text.lines().nth(place.line - 1) else { continue };
        place.excerpt = line.to_string();
        place.length = line.chars().count().saturating_sub(place.column - 1).max(1);
    }
}
