//! Whether a pooler stands between: its clients get a number of a process that is none of the server's.
//!
//! tokio-postgres keeps the number that the server gave on connecting (BackendKeyData) to itself, but sends it when it cancels.
//! So it is made to write a cancel request into a stream that goes nowhere, where the number is read.

use std::future::{Ready, ready};
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::CancelToken;
use tokio_postgres::tls::{ChannelBinding, TlsConnect, TlsStream};

/// The number of the process as it was told on connecting.
pub async fn told_pid(token: &CancelToken) -> Option<i32> {
    let said = Arc::new(Mutex::new(vec![]));
    token.cancel_query_raw(Nowhere(said.clone()), Through).await.ok()?;
    let said = said.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    // Length, code, process, key: the last 16 bytes
    // (https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-CANCELREQUEST).
    let request = said.len().checked_sub(16)?;
    Some(i32::from_be_bytes(said[request + 8..request + 12].try_into().ok()?))
}

/// Remembers what is written; says yes to TLS, which is then none.
struct Nowhere(Arc<Mutex<Vec<u8>>>);

impl AsyncWrite for Nowhere {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).extend(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for Nowhere {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        buffer.put_slice(b"S");
        Poll::Ready(Ok(()))
    }
}

impl TlsStream for Nowhere {
    fn channel_binding(&self) -> ChannelBinding {
        ChannelBinding::none()
    }
}

struct Through;

impl TlsConnect<Nowhere> for Through {
    type Stream = Nowhere;
    type Error = io::Error;
    type Future = Ready<io::Result<Nowhere>>;

    fn connect(self, stream: Nowhere) -> Self::Future {
        ready(Ok(stream))
    }
}
