//! A server that speaks as much of S3 as reading needs (ListObjectsV2 and GetObject with ranges and
//! conditions), and misbehaves where it is told to.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// What goes wrong.
#[derive(Debug, Clone, Copy, Default)]
pub struct Faults {
    /// So many times each object is answered with 503 first.
    pub busy: usize,
    /// So many times the connection is cut in the middle of each object.
    pub cut: usize,
    /// Every seventh object may not be read.
    pub forbid: bool,
    /// Every seventh object is changed after it was listed.
    pub change: bool,
    /// Every seventh object is deleted after it was listed.
    pub lose: bool,
}

struct Shared {
    objects: BTreeMap<String, Vec<u8>>,
    faults: Faults,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    tried: HashMap<String, usize>,
    gets: Vec<String>,
    listings: usize,
    mode: String,
}

pub struct Server {
    port: u16,
    shared: Arc<Shared>,
}

/// Keys in a page (S3 API reference, "ListObjectsV2").
const PAGE: usize = 1_000;

impl Server {
    /// Serves the objects in the bucket `trail`.
    pub fn new(objects: Vec<(String, Vec<u8>)>, faults: Faults) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let objects = objects.into_iter().collect();
        let shared = Arc::new(Shared { objects, faults, state: Mutex::default() });
        let served = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let shared = Arc::clone(&served);
                thread::spawn(move || drop(serve(&stream.unwrap(), &shared)));
            }
        });
        Server { port, shared }
    }

    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Keys that were asked for, each time.
    pub fn gets(&self) -> Vec<String> {
        self.shared.state.lock().unwrap().gets.clone()
    }

    pub fn listings(&self) -> usize {
        self.shared.state.lock().unwrap().listings
    }

    /// What listing does: `no-list` refuses it.
    pub fn set(&self, mode: &str) {
        mode.clone_into(&mut self.shared.state.lock().unwrap().mode);
    }
}

struct Answer {
    status: &'static str,
    headers: String,
    body: Vec<u8>,
    /// Bytes after which the connection is cut.
    cut: Option<usize>,
}

impl Answer {
    fn error(status: &'static str, code: &str) -> Answer {
        let body = format!("<Error><Code>{code}</Code><Message>{code}.</Message></Error>");
        Answer { status, headers: String::new(), body: body.into_bytes(), cut: None }
    }
}

fn serve(stream: &TcpStream, shared: &Shared) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?);
    loop {
        let mut request = String::new();
        if lines.read_line(&mut request)? == 0 {
            return Ok(());
        }
        let mut headers = HashMap::new();
        loop {
            let mut line = String::new();
            lines.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(": ") else { break };
            headers.insert(name.to_ascii_lowercase(), value.to_owned());
        }
        let target = request.split(' ').nth(1).unwrap_or_default();
        let Answer { status, headers, body, cut } = answer(target, &headers, shared);
        let mut out = stream.try_clone()?;
        write!(out, "HTTP/1.1 {status}\r\nContent-Length: {}\r\n{headers}\r\n", body.len())?;
        out.write_all(&body[..cut.unwrap_or(body.len())])?;
        if cut.is_some() {
            return stream.shutdown(std::net::Shutdown::Both);
        }
    }
}

fn answer(target: &str, headers: &HashMap<String, String>, shared: &Shared) -> Answer {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let path = decoded(path);
    let (bucket, key) = path.trim_start_matches('/').split_once('/').unwrap_or((&path[1..], ""));
    match bucket.trim_end_matches('/') {
        "trail" if key.is_empty() => list(query, shared),
        "trail" => get(key, headers, shared),
        "elsewhere" => Answer::error("301 Moved Permanently", "PermanentRedirect"),
        _ => Answer::error("404 Not Found", "NoSuchBucket"),
    }
}

fn list(query: &str, shared: &Shared) -> Answer {
    let mut state = shared.state.lock().unwrap();
    state.listings += 1;
    if state.mode == "no-list" {
        return Answer::error("403 Forbidden", "AccessDenied");
    }
    let asked: HashMap<&str, String> = query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (name, decoded(value)))
        .collect();
    let text = |name: &str| asked.get(name).cloned().unwrap_or_default();
    let (prefix, after) = (text("prefix"), text("continuation-token"));
    let (mut keys, mut folders) = (Vec::new(), BTreeSet::new());
    let mut next = None;
    let matching =
        shared.objects.iter().filter(|(key, _)| key.starts_with(&prefix) && **key > after);
    for (key, _) in matching {
        if keys.len() + folders.len() >= PAGE {
            next = keys.last().cloned();
            break;
        }
        let rest = &key[prefix.len()..];
        match rest.split_once('/').filter(|_| asked.contains_key("delimiter")) {
            Some((folder, _)) => drop(folders.insert(format!("{prefix}{folder}/"))),
            None => keys.push(key.clone()),
        }
    }
    let mut body = format!("<ListBucketResult><IsTruncated>{}</IsTruncated>", next.is_some());
    if let Some(next) = next {
        write!(body, "<NextContinuationToken>{next}</NextContinuationToken>").unwrap();
    }
    for key in keys {
        let size = shared.objects[&key].len();
        write!(
            body,
            "<Contents><Key>{key}</Key><LastModified>2026-09-15T00:00:00.000Z</LastModified>\
             <ETag>\"first\"</ETag><Size>{size}</Size></Contents>"
        )
        .unwrap();
    }
    for folder in folders {
        write!(body, "<CommonPrefixes><Prefix>{folder}</Prefix></CommonPrefixes>").unwrap();
    }
    body.push_str("</ListBucketResult>");
    Answer { status: "200 OK", headers: String::new(), body: body.into_bytes(), cut: None }
}

fn get(key: &str, headers: &HashMap<String, String>, shared: &Shared) -> Answer {
    let mut state = shared.state.lock().unwrap();
    state.gets.push(key.to_owned());
    let Some(bytes) = shared.objects.get(key) else {
        return Answer::error("404 Not Found", "NoSuchKey");
    };
    let Faults { busy, cut, forbid, change, lose } = shared.faults;
    let number = shared.objects.range(..key.to_owned()).count();
    if number % 7 == 3 {
        match (forbid, change, lose) {
            (true, _, _) => return Answer::error("403 Forbidden", "AccessDenied"),
            (_, true, _) if headers.contains_key("if-match") => {
                return Answer::error("412 Precondition Failed", "PreconditionFailed");
            }
            (_, _, true) => return Answer::error("404 Not Found", "NoSuchKey"),
            _ => {}
        }
    }
    let tried = state.tried.entry(key.to_owned()).or_default();
    *tried += 1;
    if *tried <= busy {
        return Answer::error("503 Slow Down", "SlowDown");
    }
    let is_cut = *tried <= busy + cut && bytes.len() > 1;
    let range = headers.get("range").and_then(|range| {
        let (first, last) = range.strip_prefix("bytes=")?.split_once('-')?;
        let first: usize = first.parse().ok()?;
        let last: usize = last.parse().unwrap_or(bytes.len() - 1);
        Some((first, last.min(bytes.len() - 1)))
    });
    let common = "ETag: \"first\"\r\nLast-Modified: Tue, 15 Sep 2026 00:00:00 GMT\r\n";
    let (status, more, body) = match range {
        Some((first, last)) => {
            let whole = bytes.len();
            let more = format!("Content-Range: bytes {first}-{last}/{whole}\r\n");
            ("206 Partial Content", more, bytes[first..=last].to_vec())
        }
        None => ("200 OK", String::new(), bytes.clone()),
    };
    let cut = is_cut.then_some(body.len() / 2);
    Answer { status, headers: format!("{common}{more}"), body, cut }
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        let hex = after.get(..2).and_then(|pair| std::str::from_utf8(pair).ok());
        match (byte, hex.and_then(|pair| u8::from_str_radix(pair, 16).ok())) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            (b'+', _) => {
                bytes.push(b' ');
                rest = after;
            }
            _ => {
                bytes.push(*byte);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).unwrap()
}
