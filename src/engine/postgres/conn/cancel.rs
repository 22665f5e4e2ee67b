//! Cancelling from another thread.

use std::time::Duration;

use tokio_postgres::CancelToken;
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::{Error, Result};

/// Asks the server to stop what a [`Client`](super::Client) is doing; made before, used from any thread.
#[derive(Clone)]
pub struct Canceller {
    pub(super) token: CancelToken,
    pub(super) tls: MakeRustlsConnect,
}

const LIMIT: Duration = Duration::from_secs(10);

impl Canceller {
    /// Sends the request on a connection of its own, with TLS where the session has it. The statement then fails with
    /// 57014, unless it was done already: the protocol has no answer to this request
    /// (<https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-CANCELING-REQUESTS>).
    pub fn cancel(&self) -> Result<()> {
        let failed = |why: String| Error::transient(format!("can't ask the server to cancel: {why}"));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|e| failed(e.to_string()))?;
        let asked =
            runtime.block_on(async { tokio::time::timeout(LIMIT, self.token.cancel_query(self.tls.clone())).await });
        runtime.shutdown_background();
        match asked {
            Ok(Ok(())) => Ok(()),
            Ok(Err(e)) => Err(failed(super::failure::chain(&e))),
            Err(_) => Err(failed("no answer within 10 s".into())),
        }
    }
}
