//! What belongs to a platform that runs the database: lists, nothing else.

use crate::model::Patterns;

/// A platform by its name in `profile = "…"`, and what of a database is its own.
pub struct Profile {
    pub name: &'static str,
    schemas: &'static [&'static str],
    roles: &'static [&'static str],
    objects: &'static [&'static str],
    extensions: &'static [&'static str],
}

impl Profile {
    pub fn patterns(&self) -> Patterns {
        let list = |items: &[&str]| items.iter().map(|item| item.to_string()).collect();
        Patterns {
            schemas: list(self.schemas),
            kinds: vec![],
            objects: list(self.objects),
            roles: list(self.roles),
            extensions: list(self.extensions),
        }
    }
}

pub const PROFILES: &[Profile] = &[
    Profile {
        name: "supabase",
        schemas: &[
            "auth",
            "storage",
            "realtime",
            "_realtime",
            "supabase_functions",
            "supabase_migrations",
            "graphql",
            "graphql_public",
            "vault",
            "pgsodium",
            "pgsodium_masks",
            "pgbouncer",
            "extensions",
            "cron",
            "net",
            "pgtle",
            "_analytics",
            "_supavisor",
        ],
        roles: &["supabase_*", "dashboard_user", "authenticator", "pgbouncer", "pgsodium_*"],
        objects: &[
            "supabase_realtime*",
            "issue_graphql_placeholder",
            "issue_pg_cron_access",
            "issue_pg_graphql_access",
            "issue_pg_net_access",
            "pgrst_ddl_watch",
            "pgrst_drop_watch",
        ],
        extensions: &[
            "pg_graphql",
            "pg_net",
            "pg_stat_statements",
            "pgcrypto",
            "pgjwt",
            "pgsodium",
            "supabase_vault",
            "uuid-ossp",
            "wrappers",
        ],
    },
    Profile {
        name: "rds",
        schemas: &["rds_tools", "apg_plan_mgmt", "aws_commons", "aws_lambda", "aws_ml", "aws_s3"],
        roles: &["rds*"],
        objects: &[],
        extensions: &["rds_*", "apg_plan_mgmt", "aurora_stat_utils"],
    },
    Profile {
        name: "cloudsql",
        schemas: &["google_ml", "google_vacuum_mgmt"],
        roles: &["cloudsql*", "alloydb*"],
        objects: &[],
        extensions: &["google_*"],
    },
    Profile {
        name: "azure",
        schemas: &["azure_sys"],
        roles: &["azure_*", "azuresu"],
        objects: &[],
        extensions: &["azure", "pgaadauth", "pg_availability_proxy"],
    },
    Profile {
        name: "timescaledb",
        schemas: &["_timescaledb_*", "timescaledb_*", "toolkit_experimental"],
        roles: &[],
        objects: &["*.ts_insert_blocker", "*.ts_cagg_invalidation_trigger"],
        extensions: &["timescaledb", "timescaledb_toolkit"],
    },
];
