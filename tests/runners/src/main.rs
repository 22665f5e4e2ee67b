//! `runners TOOL up|down URL FOLDER`: all migrations of the folder, or all of them back.

use sqlx::migrate::Migrator;
use std::error::Error;
use std::path::Path;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["sqlx", way, url, folder] if url.starts_with("sqlite") => {
            let pool = sqlx::SqlitePool::connect(url).await?;
            let migrator = Migrator::new(Path::new(folder)).await?;
            if way == "up" { migrator.run(&pool).await? } else { migrator.undo(&pool, 0).await? }
        }
        ["sqlx", way, url, folder] => {
            let pool = sqlx::PgPool::connect(url).await?;
            let migrator = Migrator::new(Path::new(folder)).await?;
            if way == "up" { migrator.run(&pool).await? } else { migrator.undo(&pool, 0).await? }
        }
        ["refinery", "up", url, folder] => {
            let (mut client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await?;
            let connection = tokio::spawn(connection);
            let migrations = refinery::load_sql_migrations(folder)?;
            refinery::Runner::new(&migrations).run_async(&mut client).await?;
            drop(client);
            connection.await??;
        }
        _ => return Err("usage: runners TOOL up|down URL FOLDER".into()),
    }
    Ok(())
}
