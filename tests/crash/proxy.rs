//! Stands between msr and PostgreSQL, counts what msr asks, and does harm at one of those moments.
//!
//! A moment is a message that the server answers with `ReadyForQuery` (`Query` and `Sync`:
//! <https://www.postgresql.org/docs/current/protocol-message-formats.html>), before it reaches the server or after the server
//! has answered and before msr hears of it. All moments that promise 14 names are among them, without a hook in the product.

use super::support::{Postgres, postgres};
use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What is done to msr, to the server or to what is between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// SIGKILL to msr.
    Kill,
    /// SIGTERM to msr, which then gets its answer.
    Term,
    /// `pg_terminate_backend` of its session.
    Terminate,
    /// The connection is cut: what was asked is lost before the server has it, or the answer is lost after.
    Cut,
    /// What was asked gives an error.
    Error,
    /// All sessions end and the server recovers, as it does after a crash.
    Crash,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// The server has not been asked yet.
    Before,
    /// The server has answered, msr does not know.
    After,
}

#[derive(Debug, Clone, Copy)]
pub struct Moment {
    /// From 1 on.
    pub at: usize,
    pub when: When,
    pub fault: Fault,
}

/// What a request is to the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// It leaves the server as it was.
    Reads,
    Writes,
    /// It is a statement of the plan.
    Step,
}

pub struct Proxy {
    pub port: u16,
    shared: Arc<Shared>,
}

struct Shared {
    server: &'static Postgres,
    moment: Option<Moment>,
    /// What was asked so far.
    asked: Mutex<Vec<Asked>>,
    fired: AtomicBool,
    /// The harm is done and over.
    over: AtomicBool,
    /// msr's process, once it was started.
    process: AtomicI32,
    /// Nobody is to connect any more.
    closed: AtomicBool,
}

impl Proxy {
    pub fn start(moment: Option<Moment>) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let shared = Arc::new(Shared {
            server: postgres().expect("a server"),
            moment,
            asked: Mutex::default(),
            fired: AtomicBool::new(false),
            over: AtomicBool::new(false),
            process: AtomicI32::new(0),
            closed: AtomicBool::new(false),
        });
        let of = shared.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if of.closed.load(Ordering::SeqCst) {
                    break;
                }
                let shared = of.clone();
                std::thread::spawn(move || drop(serve(client, &shared)));
            }
        });
        Proxy { port, shared }
    }

    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}?sslmode=disable", self.port)
    }

    pub fn watches(&self, process: u32) {
        self.shared.process.store(process as i32, Ordering::SeqCst);
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.shared.asked.lock().expect("requests").clone()
    }

    /// Whether harm was done; by then it is over.
    pub fn fired(&self) -> bool {
        let fired = self.shared.fired.load(Ordering::SeqCst);
        while fired && !self.shared.over.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(1));
        }
        fired
    }
}

/// Its port and its thread go: a run of hours has tens of thousands of them.
impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.closed.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

/// What both directions of a connection know.
struct Wire {
    client: TcpStream,
    server: UnixStream,
    /// Numbers of what was asked and not answered yet.
    open: Mutex<VecDeque<usize>>,
    /// The server's process for this session.
    backend: AtomicI32,
}

impl Wire {
    fn cut(&self) {
        let _ = self.client.shutdown(Shutdown::Both);
        let _ = self.server.shutdown(Shutdown::Both);
    }
}

fn serve(mut client: TcpStream, shared: &Arc<Shared>) -> std::io::Result<()> {
    let _ = client.set_nodelay(true);
    let path = shared.server.folder.join(".s.PGSQL.5432");
    let mut server = UnixStream::connect(path)?;
    loop {
        let (code, packet) = startup(&mut client)?;
        match code {
            // SSLRequest, GSSENCRequest: no.
            80877103 | 80877104 => client.write_all(b"N")?,
            _ => {
                server.write_all(&packet)?;
                break;
            }
        }
    }
    let (from_client, from_server) = (client.try_clone()?, server.try_clone()?);
    let wire = Arc::new(Wire { client, server, open: Mutex::new(VecDeque::new()), backend: AtomicI32::new(0) });
    let (there, also) = (wire.clone(), shared.clone());
    let answers = std::thread::spawn(move || {
        let _ = back(from_server, &there, &also);
        there.cut();
    });
    let _ = forth(from_client, &wire, shared);
    wire.cut();
    let _ = answers.join();
    Ok(())
}

fn startup(from: &mut TcpStream) -> std::io::Result<(u32, Vec<u8>)> {
    let mut head = [0; 8];
    from.read_exact(&mut head)?;
    let length = u32::from_be_bytes([head[0], head[1], head[2], head[3]]) as usize;
    let mut packet = head.to_vec();
    packet.resize(length.max(8), 0);
    from.read_exact(&mut packet[8..])?;
    Ok((u32::from_be_bytes([head[4], head[5], head[6], head[7]]), packet))
}

/// One message: its letter, and all of its bytes.
fn message(from: &mut impl Read) -> std::io::Result<(u8, Vec<u8>)> {
    let mut head = [0; 5];
    from.read_exact(&mut head)?;
    let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize;
    let mut bytes = head.to_vec();
    bytes.resize(length + 1, 0);
    from.read_exact(&mut bytes[5..])?;
    Ok((head[0], bytes))
}

fn forth(mut from: TcpStream, wire: &Wire, shared: &Shared) -> std::io::Result<()> {
    // What a `Sync` ends was parsed before.
    let mut parsed = Asked::Reads;
    loop {
        let (letter, mut bytes) = message(&mut from)?;
        if letter == b'P' {
            // A statement's name, and its text.
            parsed = bytes[5..].split(|b| *b == 0).nth(1).map_or(parsed, asked);
        }
        if matches!(letter, b'Q' | b'S') {
            let what = if letter == b'Q' { asked(&bytes[5..]) } else { parsed };
            let number = {
                let mut so_far = shared.asked.lock().expect("requests");
                so_far.push(what);
                so_far.len()
            };
            wire.open.lock().expect("open").push_back(number);
            if let Some(moment) = shared.moment
                && (moment.at, moment.when) == (number, When::Before)
            {
                shared.fired.store(true, Ordering::SeqCst);
                match moment.fault {
                    Fault::Error if letter == b'Q' => bytes = query("SELECT 1 / 0"),
                    fault => harm(fault, wire, shared),
                }
                shared.over.store(true, Ordering::SeqCst);
            }
        }
        (&wire.server).write_all(&bytes)?;
    }
}

/// By its first word, and by the comment that msr puts before a statement of a step. What takes the lock is no reading.
fn asked(sql: &[u8]) -> Asked {
    let text = String::from_utf8_lossy(sql);
    let (mut text, mut step) = (text.trim_start(), false);
    loop {
        let after = |mark: &str| text.split_once(mark).map_or("", |(_, rest)| rest);
        if text.starts_with("--") {
            text = after("\n").trim_start();
        } else if text.starts_with("/*") {
            step |= text.split("*/").next().is_some_and(|comment| comment.contains("step='"));
            text = after("*/").trim_start();
        } else {
            break;
        }
    }
    // The queries of an inspection are prepared for the session.
    let reads = ["SELECT", "WITH", "PREPARE msr_", "EXECUTE msr_", "DEALLOCATE"];
    let reads = reads.iter().any(|word| text.starts_with(word)) && !text.contains("advisory");
    match (step, reads) {
        (true, _) => Asked::Step,
        (false, true) => Asked::Reads,
        (false, false) => Asked::Writes,
    }
}

fn query(sql: &str) -> Vec<u8> {
    let mut bytes = vec![b'Q'];
    bytes.extend((sql.len() as u32 + 5).to_be_bytes());
    bytes.extend(sql.as_bytes());
    bytes.push(0);
    bytes
}

fn back(mut from: UnixStream, wire: &Wire, shared: &Shared) -> std::io::Result<()> {
    let mut kept: Vec<u8> = vec![];
    loop {
        let (letter, bytes) = message(&mut from)?;
        if letter == b'K' {
            wire.backend.store(i32::from_be_bytes([bytes[5], bytes[6], bytes[7], bytes[8]]), Ordering::SeqCst);
        }
        let front = wire.open.lock().expect("open").front().copied();
        let due = shared.moment.filter(|m| m.when == When::After && Some(m.at) == front);
        kept.extend(bytes);
        if let Some(moment) = due.filter(|_| letter == b'Z') {
            shared.fired.store(true, Ordering::SeqCst);
            harm(moment.fault, wire, shared);
            shared.over.store(true, Ordering::SeqCst);
        }
        if letter == b'Z' {
            wire.open.lock().expect("open").pop_front();
        }
        // The whole of an answer that is to be lost is kept back.
        if due.is_none() || letter == b'Z' {
            (&wire.client).write_all(&std::mem::take(&mut kept))?;
        }
    }
}

fn harm(fault: Fault, wire: &Wire, shared: &Shared) {
    let server = shared.server;
    let backend = wire.backend.load(Ordering::SeqCst);
    match fault {
        Fault::Kill | Fault::Term => {
            let mut process = shared.process.load(Ordering::SeqCst);
            while process == 0 {
                std::thread::sleep(Duration::from_millis(1));
                process = shared.process.load(Ordering::SeqCst);
            }
            signal(if fault == Fault::Kill { "-KILL" } else { "-TERM" }, process);
            if fault == Fault::Kill {
                wire.cut();
            }
        }
        // What `pg_terminate_backend` does.
        Fault::Terminate => signal("-TERM", backend),
        Fault::Cut => wire.cut(),
        // As the kernel does it to a server out of memory: the postmaster ends all sessions and recovers.
        Fault::Crash => server.crash(backend),
        // Of what is not a query of its own there is no error to be made: it goes as it is.
        Fault::Error => {}
    }
}

fn signal(which: &str, process: i32) {
    let _ = Command::new("kill").args([which, &process.to_string()]).status();
}
