use super::context::{Context, Extra, Format};
use super::hooks::Hooks;
use super::plans::{self, Place, Saved};
use super::progress::Progress;
use super::source_arg::{Reader, form};
use super::{Done, list, output, pager, session, watch};
use msr::apply::list::{Row, Standing};
use msr::apply::{history, journal, probe};
use msr::engine::{self, Access, Session};
use msr::error::code;
use msr::lint::{Policy, report};
use msr::model::Catalog;
use msr::plan::Plan;
use msr::plan::Tie;
use msr::plan::file::{self, Loaded};
use msr::plan::make::{Inputs, Made, make};
use msr::render::text::label;
use msr::render::{human, json, markdown, sql};
use msr::settings::Settings;
use msr::source::Source;
use msr::{Error, Result};
use std::path::{Path, PathBuf};

/// Plan the steps from the database to the schema you want
///
/// The schema is loaded into a scratch database and compared with the target; the steps between them are run there, forward
/// and back, before the plan is shown. The target is only read.
///
/// Formats: human, json, sql, markdown (for a comment on a pull request), ron (the plan file itself).
#[derive(clap::Args, Default)]
pub struct Args {
    /// Write the plan to this file, for `msr apply FILE`
    #[arg(long, value_name = "FILE", conflicts_with = "save")]
    out: Option<PathBuf>,
    /// Write the plan into plans/ under this name, for `msr migrate`
    #[arg(long, value_name = "NAME")]
    save: Option<String>,
    /// Plan from this source instead of from the database, which is not asked then
    #[arg(long, value_name = "SOURCE")]
    from: Option<String>,
    /// Plan this saved plan anew on top of the newest one, and put it in its place: after a merge, when two plans follow one
    #[arg(long, value_name = "FILE", conflicts_with_all = ["save", "out", "from"])]
    rebase: Option<PathBuf>,
    /// Exit with 2 if there is anything to do
    #[arg(long)]
    detailed_exitcode: bool,
    /// Let this lint rule pass, in the plan too; `destructive` also allows a schema without statements, `all` everything
    #[arg(long, value_name = "RULE")]
    allow: Vec<String>,
    /// Whether to change relations by short steps that keep nobody waiting: `true`, `false`, or `auto` for large ones [default: auto]
    #[arg(long, value_name = "WHEN", value_parser = ["auto", "true", "false"])]
    online: Option<String>,
    /// Plan again whenever the schema files change, until Ctrl-C: for the time of writing them
    #[arg(long, conflicts_with_all = ["save", "out", "rebase", "reseal", "detailed_exitcode"])]
    watch: bool,
    /// Break ties in the order of steps by this number: for tests, which names must not help
    #[arg(long, value_name = "NUMBER", hide = true)]
    tie: Option<u64>,
    /// Seal a plan file again after editing it by hand; nothing is planned
    #[arg(long, value_name = "FILE", conflicts_with_all = ["out", "save", "from", "rebase", "detailed_exitcode"])]
    reseal: Option<PathBuf>,
}

pub fn run(context: &Context, args: Args) -> Result<Done> {
    if let Some(path) = &args.reseal {
        return reseal(context, path);
    }
    let format = context.format(&[Format::Human, Format::Json, Format::Sql, Format::Markdown, Format::Ron])?;
    let settings =
        context.settings_with(Extra { allow: args.allow.clone(), online: args.online.clone(), ..Extra::default() })?;
    if args.watch {
        watch::again_and_again(context, &settings.schema, || written(context, &settings, &args, format).map(drop))?;
        return Ok(Done::Fine);
    }
    let hooks = Hooks::new(context, &settings, "plan");
    hooks.before_plan()?;
    let plan = written(context, &settings, &args, format).map_err(|e| hooks.on_failure(e))?;
    hooks.after_plan(&[("MSR_STEPS", plan.steps.len().to_string())]);
    Ok(if args.detailed_exitcode && !plan.is_empty() { Done::Look } else { Done::Fine })
}

/// Makes the plan, writes it where it belongs, and shows it.
fn written(context: &Context, settings: &Settings, args: &Args, format: Format) -> Result<Plan> {
    let place = Where::of(args, settings)?;
    let policy = Policy::new(&settings.lint, &settings.allow);
    policy.check()?;
    let (plan, notes) = planned(context, settings, args, &place, &policy)?;
    notes.iter().for_each(|text| output::warning(context, text));
    match (&args.out, &place.saved) {
        (Some(path), _) => plans::write(path, &file::write(&plan))?,
        (None, Some(saved)) if !plan.is_empty() => plans::save(&saved.path, &plan)?,
        _ => {}
    }
    if let Some(old) = args.rebase.as_ref().filter(|_| !plan.is_empty()) {
        plans::remove(old)?;
    }
    let text = match format {
        Format::Human => human::plan(&plan, context.look()),
        Format::Json => json::plan(&plan),
        Format::Sql => sql::up(&plan),
        Format::Markdown => markdown::plan(&plan),
        _ => file::write(&plan),
    };
    match format == Format::Human && !args.watch {
        true => pager::result(context, &text)?,
        false => output::result(&text)?,
    }
    next(context, args, &place, &plan);
    Ok(plan)
}

/// What a plan is called, and where it goes in the chain of saved ones.
struct Where {
    name: String,
    version: String,
    created_at: String,
    /// The saved plans before it; none where it is not saved.
    chain: Vec<Saved>,
    saved: Option<Place>,
}

impl Where {
    fn of(args: &Args, settings: &Settings) -> Result<Where> {
        let now = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC);
        let created_at = now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let folder = Path::new(&settings.plans);
        let (name, chain) = match (&args.save, &args.rebase) {
            (Some(name), _) => (name.clone(), plans::chain(folder)?),
            (None, Some(file)) => plans::without(folder, file)?,
            (None, None) => {
                let version = now.strftime("%Y%m%d%H%M").to_string();
                let stem = args.out.as_ref().and_then(|path| path.file_stem());
                let name = stem.map_or("plan".into(), |stem| stem.to_string_lossy().into_owned());
                return Ok(Where { name, version, created_at, chain: vec![], saved: None });
            }
        };
        let place = plans::place(folder, &name, &now, &chain)?;
        Ok(Where { name, version: place.version.clone(), created_at, chain, saved: Some(place) })
    }

    fn head(&self) -> Option<&Loaded> {
        self.chain.last().map(|saved| &saved.loaded)
    }
}

/// What `plan` would write down, and what one should know of how it was judged.
pub fn to_lint(
    context: &Context,
    settings: &Settings,
    from: Option<String>,
    policy: &Policy,
) -> Result<(Plan, Vec<String>)> {
    let args = Args { from, ..Args::default() };
    let place = Where::of(&args, settings)?;
    planned(context, settings, &args, &place, policy)
}

fn planned(
    context: &Context,
    settings: &Settings,
    args: &Args,
    place: &Where,
    policy: &Policy,
) -> Result<(Plan, Vec<String>)> {
    let engine = engine::named(settings.database.engine())?;
    let reader = Reader { context, settings, engine };
    let desired = reader.statements(&form(&settings.schema, settings)?)?;
    let base = match (&args.from, &args.rebase) {
        (Some(from), _) => Some(reader.catalog(&form(from, settings)?)?.catalog),
        (None, Some(_)) => Some(reader.replay(&place.chain)?.catalog),
        (None, None) => None,
    };
    let mut session = match base {
        Some(_) => None,
        None => Some(session::connect(settings, engine, Access::Read)?),
    };
    refuse_emptying(&desired, base.as_ref(), session.as_deref_mut(), settings)?;
    let target = session.as_mut().map(|session| &mut **session as &mut dyn Session);
    let mut progress = Progress::new(context);
    let mut entries = None;
    let mut made = make(Inputs {
        engine,
        target,
        like: &settings.database,
        base,
        desired: &desired,
        shadow: settings.shadow.as_ref(),
        filter: &settings.filter,
        manage: settings.manage,
        online: settings.online,
        transaction: settings.transaction,
        name: place.name.clone(),
        version: place.version.clone(),
        created_at: place.created_at.clone(),
        parent: place.head().map(|loaded| loaded.checksum.clone()),
        tie: args.tie.map_or(Tie::Reader, Tie::Hostile),
        settled: &mut |session, desired, live| {
            let entries = match &entries {
                Some(entries) => entries,
                None => entries.insert(journal::read(session.journal())?),
            };
            history::settled(entries, session, desired, live)
        },
        progress: &mut |stage, done, of| progress.at(stage, done, of),
    })?;
    drop(progress);
    if let Some(session) = &mut session {
        follows(context, place, &made.plan, &mut **session)?;
    }
    let mut notes = judged(&mut made, &desired, session.as_deref_mut(), policy)?;
    if let Some(session) = &mut session {
        notes.extend(waiting(&made.plan, &mut **session)?);
        notes.extend(looked(&mut made.plan, &mut **session, settings)?);
    }
    Ok((made.plan, notes))
}

/// A plan that waits for its contract phase has not come to where the schema files lead; another can't be planned from there.
fn waiting(plan: &Plan, session: &mut dyn Session) -> Result<Vec<String>> {
    let history = history::History::of(&journal::read(session.journal())?);
    let waits: Vec<String> = history
        .standing()
        .into_iter()
        .filter(|past| past.state == history::State::Expanded)
        .map(|past| label(&past.version, &past.name))
        .collect();
    if waits.is_empty() || plan.is_empty() {
        return Ok(waits.iter().map(|w| format!("{w} waits for its contract phase: `--phase contract`")).collect());
    }
    Err(Error::refused(format!("cannot plan from here: {} waits for its contract phase", waits.join(", ")))
        .hint("finish it with `--phase contract` once the old application is gone, or take it back with `msr down`, then plan"))
}

/// Asks the rows whether they let the plan through, and notes on the steps what is in the way.
fn looked(plan: &mut Plan, session: &mut dyn Session, settings: &Settings) -> Result<Vec<String>> {
    let answers = probe::look(session, plan, 0..plan.batches.len(), true, settings.probe_time)?;
    for (step, place, found) in answers.found {
        plan.steps[step - 1].questions[place].found = Some(found);
    }
    Ok(answers.open)
}

/// Writes lint's findings into the plan.
fn judged(
    made: &mut Made,
    desired: &Source,
    session: Option<&mut (dyn Session + 'static)>,
    policy: &Policy,
) -> Result<Vec<String>> {
    let (figures, version) = match session {
        Some(session) if !made.plan.is_empty() => (session.figures()?, session.server().version),
        _ => Default::default(),
    };
    let judge = report::Judge {
        base: &made.base,
        goal: &made.goal,
        desired,
        figures: &figures,
        policy,
        today: super::lint::today(),
        version,
    };
    report::judge(&mut made.plan, &judge)
}

/// A plan that is put behind others must begin where they end.
fn follows(context: &Context, place: &Where, plan: &Plan, session: &mut dyn Session) -> Result<()> {
    let head = place.head().map(|loaded| &loaded.plan.header);
    let Some(head) = head.filter(|head| head.goal != plan.header.base && !plan.is_empty()) else { return Ok(()) };
    let rows = list::rows(&place.chain, session)?;
    let done = |row: &&Row| matches!(row.standing, Standing::Applied | Standing::WaitsForContract | Standing::Baseline);
    let pending: Vec<&Row> = rows.iter().filter(|row| row.file.is_some() && !done(row)).collect();
    if pending.is_empty() {
        let base = plan.header.base;
        let text = format!(
            "the database ({base}) is not quite what the newest saved plan left ({}): it was changed since",
            head.goal
        );
        output::warning(context, &text);
        return Ok(());
    }
    let error =
        Error::refused("this database has not got all saved plans yet, and the new one would do their work again")
            .code(code::PENDING);
    let error = pending
        .iter()
        .fold(error, |e, row| e.detail(format!("{}: {}", label(&row.version, &row.name), row.standing.word())));
    Err(error.hint("run `msr migrate` first, or plan on top of them with `--from plans`"))
}

/// A folder without a statement is more often a wrong folder than the wish to drop everything. A file that is named and
/// empty is planned for: every step of that plan is destructive, and `apply` wants each of them allowed.
fn refuse_emptying(
    desired: &Source,
    base: Option<&Catalog>,
    session: Option<&mut (dyn Session + 'static)>,
    settings: &Settings,
) -> Result<()> {
    let allowed = settings.allow.iter().any(|rule| rule == "destructive" || rule == "all");
    let schema = &settings.schema;
    if allowed || !desired.statements.is_empty() || std::path::Path::new(schema).is_file() {
        return Ok(());
    }
    if desired.files.is_empty() {
        return Err(Error::refused(format!("the folder `{schema}` has no .sql file"))
            .code(code::NO_STATEMENT)
            .hint("name the right schema with `--schema`; `--allow destructive` takes it as an empty one"));
    }
    let objects = match (base, session) {
        (Some(base), _) => base.len(),
        (None, Some(session)) => session.inspect()?.len(),
        (None, None) => 0,
    };
    if objects == 0 {
        return Ok(());
    }
    let what = msr::render::text::count(objects, "object");
    Err(Error::refused(format!("the schema `{schema}` has no statement, and the database has {what}"))
        .code(code::NO_STATEMENT)
        .hint("to keep the database, name the right schema with `--schema`")
        .hint("to drop everything, say so with `--allow destructive`"))
}

/// Where the plan is now, and what to do with it.
fn next(context: &Context, args: &Args, place: &Where, plan: &Plan) {
    match (&args.out, &place.saved) {
        (Some(path), _) => {
            output::note(context, &format!("\nsaved as {0}; apply it with `msr apply {0}`", path.display()));
        }
        (None, Some(saved)) if !plan.is_empty() => {
            output::note(context, &format!("\nsaved as {}; apply it with `msr migrate`", saved.path.display()));
        }
        (None, Some(_)) if args.rebase.is_some() => {
            output::note(context, "the plans before it do all that the schema asks for: delete the file");
        }
        _ => {}
    }
}

fn reseal(context: &Context, path: &Path) -> Result<Done> {
    let text = std::fs::read_to_string(path);
    let text = text.map_err(|e| Error::refused(format!("can't read the plan `{}`: {e}", path.display())))?;
    plans::write(path, &file::reseal(&text, &path.display().to_string())?)?;
    output::note(context, &format!("sealed {}", path.display()));
    Ok(Done::Fine)
}
