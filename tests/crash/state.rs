//! What a harmed run leaves, so that two that are alike are told from two that are not.

use std::collections::{BTreeMap, BTreeSet};

/// The catalogs that a schema's objects are in, those that have rows of the system by what tells whose a row is.
const CATALOGS: [(&str, &str); 46] = [
    ("pg_am", ""),
    ("pg_aggregate", "aggfnoid"),
    ("pg_amop", "oid"),
    ("pg_amproc", "oid"),
    ("pg_attrdef", ""),
    ("pg_attribute", "attrelid"),
    ("pg_auth_members", ""),
    ("pg_cast", "oid"),
    ("pg_class", "oid"),
    ("pg_collation", "oid"),
    ("pg_constraint", "oid"),
    ("pg_conversion", "oid"),
    ("pg_default_acl", ""),
    ("pg_depend", "objid"),
    ("pg_description", "objoid"),
    ("pg_enum", ""),
    ("pg_event_trigger", ""),
    ("pg_extension", ""),
    ("pg_foreign_data_wrapper", ""),
    ("pg_foreign_server", ""),
    ("pg_foreign_table", ""),
    ("pg_index", "indexrelid"),
    ("pg_inherits", ""),
    ("pg_language", ""),
    ("pg_namespace", ""),
    ("pg_opclass", "oid"),
    ("pg_operator", "oid"),
    ("pg_opfamily", "oid"),
    ("pg_partitioned_table", ""),
    ("pg_policy", ""),
    ("pg_proc", "oid"),
    ("pg_publication", ""),
    ("pg_publication_rel", ""),
    ("pg_range", "rngtypid"),
    ("pg_rewrite", "oid"),
    ("pg_seclabel", ""),
    ("pg_sequence", ""),
    ("pg_statistic_ext", ""),
    ("pg_transform", ""),
    ("pg_trigger", ""),
    ("pg_ts_config", ""),
    ("pg_ts_config_map", ""),
    ("pg_ts_dict", ""),
    ("pg_ts_parser", ""),
    ("pg_ts_template", ""),
    ("pg_type", "oid"),
];

/// The first number that the system does not give to itself.
const FIRST_OID: u64 = 16_384;

/// A query for what msr's next run begins with, a row a line: the catalogs as json, all that tables and sequences hold, and
/// what the journal says but for times and the words of errors, which only `list` reads.
pub fn query() -> String {
    let rows = CATALOGS.iter().map(|(of, by)| {
        let which = if by.is_empty() { "true".to_owned() } else { format!("{by} >= {FIRST_OID}") };
        format!(
            "SELECT '{of} ' || (to_jsonb(t) - '{{relfrozenxid,relminmxid}}'::text[])::text FROM {of} t WHERE {which}"
        )
    });
    let said = r"SELECT 'said ' || to_jsonb(query_to_xml(sql, true, true, '')::text)::text FROM (VALUES
            ('msr.journal', 'SELECT event, version, checksum, batch, regexp_replace(steps, '' [^ ]+Z \d+$'', '''', ''ng''),
                error IS NULL, live, desired FROM msr.journal ORDER BY number'),
            ('msr.plans', 'SELECT checksum, part FROM msr.plans ORDER BY 1, 2'),
            ('msr.backfill', 'SELECT * FROM msr.backfill ORDER BY 1, 2')) AS known(name, sql) WHERE to_regclass(name) IS NOT NULL
        UNION ALL SELECT 'holds ' || to_jsonb(c.oid::regclass::text)::text || to_jsonb(query_to_xml(format(
                CASE relkind WHEN 'S' THEN 'SELECT last_value, is_called FROM %s' ELSE 'SELECT t::text FROM ONLY %s t ORDER BY 1' END,
                c.oid::regclass), true, true, '')::text)::text
            FROM pg_class c WHERE relkind IN ('r', 'm', 'S') AND (relispopulated OR relkind = 'S')
                AND relnamespace NOT IN (SELECT oid FROM pg_namespace WHERE nspname ~ '^(pg_|information_schema$|msr$)')";
    format!("{};", rows.chain([said.to_owned()]).collect::<Vec<_>>().join("\nUNION ALL "))
}

/// Which state that is: the numbers of objects and of their files, which a server gives away one after the other, are replaced by
/// their order, so that two runs that made the same leave the same. The catalogs hold them in rows' columns, in lists, in what was
/// parsed and in names; a number that is none of them stays as it is.
pub fn alike(rows: &str) -> String {
    let (said, catalogs): (Vec<&str>, Vec<&str>) =
        rows.lines().partition(|line| line.starts_with("said ") || line.starts_with("holds "));
    let number = |row: &serde_json::Value, key: &str| row[key].as_str()?.parse::<u64>().ok();
    let mut numbers = BTreeSet::new();
    for line in &catalogs {
        let json = line.split_once(' ').map_or("", |(_, json)| json);
        let row: serde_json::Value = serde_json::from_str(json).expect("a row");
        numbers.extend(["oid", "relfilenode"].iter().filter_map(|key| number(&row, key)).filter(|n| *n >= FIRST_OID));
    }
    let places: BTreeMap<u64, usize> = numbers.into_iter().zip(0..).collect();
    let mut all: Vec<String> = catalogs.iter().map(|line| placed(line, &places)).collect();
    all.extend(said.iter().map(|line| line.to_string()));
    all.sort();
    let digest = <sha2::Sha256 as sha2::Digest>::digest(all.join("\n"));
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn placed(line: &str, places: &BTreeMap<u64, usize>) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, from) = rest.split_at(at);
        let (digits, after) = from.split_at(from.find(|c: char| !c.is_ascii_digit()).unwrap_or(from.len()));
        out += before;
        match digits.parse().ok().and_then(|n: u64| places.get(&n)) {
            Some(place) => out += &format!("#{place}"),
            None => out += digits,
        }
        rest = after;
    }
    out + rest
}

#[test]
fn states_are_alike_whatever_numbers_were_given() {
    let of = |table: u32, heir: u32, parent: u32| {
        alike(&format!(
            "pg_class {{\"oid\": \"{table}\", \"relname\": \"t\"}}\npg_class {{\"oid\": \"{heir}\", \"relname\": \"u\"}}\n\
             pg_inherits {{\"inhrelid\": \"{heir}\", \"inhparent\": \"{parent}\"}}\nholds t\"16384\"\n"
        ))
    };
    assert_eq!(of(16_384, 16_387, 16_384), of(20_000, 20_001, 20_000));
    assert_ne!(of(16_384, 16_387, 16_384), of(16_384, 16_387, 16_387), "another parent");
    assert_ne!(of(16_384, 16_387, 16_384), of(16_387, 16_384, 16_387), "made in another order");
    assert_ne!(of(16_384, 16_387, 16_384), of(16_384, 16_387, 9), "a number of the system's own");
}
