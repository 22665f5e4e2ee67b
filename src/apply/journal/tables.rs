//! The journal's tables as diesel sees them: one shape, under the names that each engine gives them.

use super::{Entry, Event, StepRecord};
use crate::SqlError;

macro_rules! journal {
    ($($name:tt)+) => {
        diesel::table! {
            $($name)+ (number) {
                number -> BigInt,
                event -> Text,
                version -> Text,
                name -> Text,
                checksum -> Text,
                batch -> BigInt,
                at -> Text,
                who -> Text,
                msr -> Text,
                millis -> BigInt,
                live -> Nullable<Text>,
                desired -> Nullable<Text>,
                stamp -> Nullable<Text>,
                error -> Nullable<Text>,
                steps -> Text,
                hash -> Text,
            }
        }
    };
}

macro_rules! plans {
    ($($name:tt)+) => {
        diesel::table! {
            $($name)+ (checksum, part) {
                checksum -> Text,
                part -> BigInt,
                text -> Text,
            }
        }
    };
}

macro_rules! migrations {
    ($($name:tt)+) => {
        diesel::table! {
            $($name)+ (version) {
                version -> Text,
            }
        }
    };
}

pub mod postgres {
    diesel::table! {
        msr.backfill (checksum, step) {
            checksum -> Text,
            step -> BigInt,
            place -> Text,
            rows -> BigInt,
        }
    }
    journal!(msr.journal);
    plans!(msr.plans);
    migrations!(msr.journal_migrations);
    diesel::allow_tables_to_appear_in_same_query!(journal, journal_migrations);
}

pub mod sqlite {
    journal!(msr_journal);
    plans!(msr_plans);
    migrations!(msr_journal_migrations);
    pub use {msr_journal as journal, msr_journal_migrations as journal_migrations, msr_plans as plans};
}

/// The values of an entry for the table of either engine.
macro_rules! values {
    ($table:ident, $entry:expr) => {{
        let e = $entry;
        (
            $table::number.eq(e.number),
            $table::event.eq(e.event.word()),
            $table::version.eq(&e.version),
            $table::name.eq(&e.name),
            $table::checksum.eq(&e.checksum),
            $table::batch.eq(e.batch),
            $table::at.eq(&e.at),
            $table::who.eq(&e.who),
            $table::msr.eq(&e.msr),
            $table::millis.eq(e.millis),
            $table::live.eq(&e.live),
            $table::desired.eq(&e.desired),
            $table::stamp.eq(&e.stamp),
            $table::error.eq(&e.error),
            $table::steps.eq($crate::apply::journal::lines(&e.steps)),
            $table::hash.eq(&e.hash),
        )
    }};
}
pub(super) use values;

/// A row as it is read.
#[derive(diesel::Queryable)]
pub struct Row {
    pub number: i64,
    pub event: String,
    pub version: String,
    pub name: String,
    pub checksum: String,
    pub batch: i64,
    pub at: String,
    pub who: String,
    pub msr: String,
    pub millis: i64,
    pub live: Option<String>,
    pub desired: Option<String>,
    pub stamp: Option<String>,
    pub error: Option<String>,
    pub steps: String,
    pub hash: String,
}

impl TryFrom<Row> for Entry {
    type Error = SqlError;

    fn try_from(r: Row) -> Result<Entry, SqlError> {
        let unknown = |what: &str| SqlError {
            message: format!("entry {} of msr's journal has {what} that this msr does not know", r.number),
            ..SqlError::default()
        };
        let steps = r.steps.lines().map(StepRecord::parse).collect::<Option<_>>();
        Ok(Entry {
            number: r.number,
            event: Event::of(&r.event).ok_or_else(|| unknown(&format!("the event `{}`", r.event)))?,
            steps: steps.ok_or_else(|| unknown("a step"))?,
            version: r.version,
            name: r.name,
            checksum: r.checksum,
            batch: r.batch,
            at: r.at,
            who: r.who,
            msr: r.msr,
            millis: r.millis,
            live: r.live,
            desired: r.desired,
            stamp: r.stamp,
            error: r.error,
            plan: None,
            hash: r.hash,
        })
    }
}
