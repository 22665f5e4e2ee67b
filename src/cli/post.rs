//! One request to an HTTP server, which may take its time only so long.

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use rustls_platform_verifier::BuilderVerifierExt;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;

/// Where to: `http://host:port/path`, or `https`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    tls: bool,
    host: String,
    port: u16,
    path: String,
}

impl Address {
    /// Says of what is wrong with it no more than that: it may hold a secret.
    pub fn parse(text: &str) -> Result<Address, String> {
        let (tls, rest) = match text.split_once("://") {
            Some(("http", rest)) => (false, rest),
            Some(("https", rest)) => (true, rest),
            _ => return Err("the endpoint is no URL of `http` or `https`".into()),
        };
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        let (host, port) = match authority.rsplit_once(':').filter(|(_, port)| !port.contains(']')) {
            Some((host, port)) => (host, port.parse().map_err(|_| "the endpoint's port is no number")?),
            None => (authority, if tls { 443 } else { 80 }),
        };
        let host = host.trim_matches(['[', ']']);
        if host.is_empty() || rest.contains(char::is_whitespace) {
            return Err("the endpoint names no host".into());
        }
        Ok(Address { tls, host: host.into(), port, path: format!("/{path}") })
    }
}

/// Sends it and waits for the answer, but not longer than that: a look-up of a name can't be given up, so it goes on in a
/// thread that ends with the program.
pub fn json(to: &Address, headers: &[(String, String)], body: &str, limit: Duration) -> Result<(), String> {
    let lines: String =
        headers.iter().filter(|(n, v)| plain(n) && plain(v)).map(|(n, v)| format!("{n}: {v}\r\n")).collect();
    let request = format!(
        "POST {} HTTP/1.1\r\nHost: {}:{}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n{lines}Connection: close\r\n\r\n{body}",
        to.path,
        to.host,
        to.port,
        body.len()
    );
    let ((send, answer), address) = (channel(), to.clone());
    std::thread::spawn(move || drop(send.send(exchange(&address, &request, limit))));
    let told = answer.recv_timeout(limit).unwrap_or_else(|_| Err(format!("no answer within {} s", limit.as_secs())));
    told.map_err(|why| format!("{}:{}: {why}", to.host, to.port))
}

/// Whether it can stand in a header.
fn plain(text: &str) -> bool {
    !text.contains(|c: char| c.is_control())
}

fn exchange(to: &Address, request: &str, limit: Duration) -> Result<(), String> {
    let mut found = (to.host.as_str(), to.port).to_socket_addrs().map_err(|e| e.to_string())?;
    let address = found.next().ok_or("the name stands for no address")?;
    let stream = TcpStream::connect_timeout(&address, limit).map_err(|e| e.to_string())?;
    stream
        .set_read_timeout(Some(limit))
        .and_then(|()| stream.set_write_timeout(Some(limit)))
        .map_err(|e| e.to_string())?;
    if !to.tls {
        return ask(stream, request);
    }
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_platform_verifier())
        .map_err(|e| e.to_string())?
        .with_no_client_auth();
    let name = ServerName::try_from(to.host.clone()).map_err(|e| e.to_string())?;
    let connection = ClientConnection::new(Arc::new(config), name).map_err(|e| e.to_string())?;
    ask(StreamOwned::new(connection, stream), request)
}

fn ask(mut stream: impl Read + Write, request: &str) -> Result<(), String> {
    stream.write_all(request.as_bytes()).and_then(|()| stream.flush()).map_err(|e| e.to_string())?;
    let mut line = String::new();
    BufReader::new(stream).take(1000).read_line(&mut line).map_err(|e| e.to_string())?;
    match line.split(' ').nth(1) {
        Some(code) if code.starts_with('2') => Ok(()),
        Some(code) => Err(format!("the answer was {}", code.escape_debug())),
        None => Err("what answered does not speak HTTP".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::Address;

    #[test]
    fn endpoints() {
        let read = |text: &str| Address::parse(text).map(|a| format!("{} {} {} {}", a.tls, a.host, a.port, a.path));
        assert_eq!(read("http://localhost:4318/v1/traces").as_deref(), Ok("false localhost 4318 /v1/traces"));
        assert_eq!(read("https://me:sesame@[::1]/a/b").as_deref(), Ok("true ::1 443 /a/b"));
        for wrong in ["localhost:4318", "ftp://sesame", "http://:1/", "http://h:sesame/"] {
            assert!(read(wrong).is_err_and(|why| !why.contains("sesame")), "{wrong}");
        }
    }
}
