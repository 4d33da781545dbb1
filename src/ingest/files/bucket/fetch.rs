//! Gets objects: small ones whole and ahead of reading, within a bound on what is in flight; large ones piece by
//! piece, while they are read.

use std::collections::BTreeMap;
use std::io::{self, Cursor, Read};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::StreamExt;
use object_store::{GetOptions, ObjectStore};

use super::connection::{Bucket, Listed};
use super::trouble::Said;

/// Bytes of objects that were asked for and are not yet read.
const IN_FLIGHT: u64 = 48 << 20;

/// The most objects that were asked for and are not yet read.
const OBJECTS: usize = 128;

/// A larger object comes in pieces, while it is read.
const WHOLE: u64 = 4 << 20;

/// Pieces of an object that wait to be read.
const PIECES: usize = 16;

/// Bytes that are counted for an object of unknown size.
const UNKNOWN: u64 = 256 << 10;

type Whole = Result<Vec<u8>, Said>;

/// Objects in the order in which they are read.
#[derive(Debug)]
pub(super) struct Queue {
    objects: Vec<Listed>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// The first that was not asked for.
    next: usize,
    in_flight: u64,
    coming: BTreeMap<usize, Receiver<Whole>>,
}

impl Queue {
    pub(super) fn new(objects: Vec<Listed>) -> Queue {
        Queue { objects, state: Mutex::default() }
    }

    /// The bytes of one of them. When objects are read in order, those that follow are being fetched by then.
    pub(super) fn take(&self, at: usize) -> io::Result<Box<dyn Read>> {
        let Some(object) = self.objects.get(at) else { return Ok(Box::new(io::empty())) };
        let coming = self.coming(at);
        match coming.map(|coming| coming.recv()) {
            Some(Ok(Ok(bytes))) => Ok(Box::new(Cursor::new(bytes))),
            Some(Ok(Err(said))) => Err(io::Error::other(said)),
            // The task ended without an answer.
            Some(Err(_)) | None => directly(object),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Requests the objects that are read next; returns where the bytes of this one will come in.
    fn coming(&self, at: usize) -> Option<Receiver<Whole>> {
        let mut state = self.lock();
        // The search for the last event reads backwards; then nothing is requested ahead.
        if at >= state.next.saturating_add(OBJECTS) {
            return None;
        }
        while let Some(object) = self.objects.get(state.next) {
            let fits = state.coming.len() < OBJECTS && state.in_flight + size(object) <= IN_FLIGHT;
            if state.next > at && !fits {
                break;
            }
            let number = state.next;
            state.next += 1;
            // What does not fit is requested when it is its turn.
            if size(object) <= WHOLE && (fits || number == at) {
                state.in_flight += size(object);
                state.coming.insert(number, ask_for(object));
            }
        }
        let coming = state.coming.remove(&at)?;
        state.in_flight -= self.objects.get(at).map_or(0, size);
        Some(coming)
    }
}

fn size(object: &Listed) -> u64 {
    object.size.unwrap_or(UNKNOWN)
}

/// The object as it was listed, and no other.
fn as_listed(object: &Listed) -> GetOptions {
    GetOptions { if_match: object.e_tag.clone(), ..GetOptions::default() }
}

fn ask_for(object: &Listed) -> Receiver<Whole> {
    let (sender, receiver) = sync_channel(1);
    let bucket = Arc::clone(&object.bucket);
    let (key, options) = (object.key.clone(), as_listed(object));
    object.bucket.runtime.spawn(async move {
        let got = async { bucket.store.get_opts(&key, options).await?.bytes().await };
        let got = got.await.map(|bytes| bytes.to_vec());
        let got = got.map_err(|e| Said(bucket.trouble.sentence(Some(key.as_ref()), &e)));
        // Fails when reading has ended and nobody waits.
        let _ = sender.send(got);
        // The last to hold the bucket must not be a task of its own runtime.
        drop_elsewhere(bucket);
    });
    receiver
}

/// A runtime cannot end on one of its own threads.
fn drop_elsewhere(bucket: Arc<Bucket>) {
    if Arc::strong_count(&bucket) == 1 {
        std::thread::spawn(move || drop(bucket));
    }
}

/// The bytes of an object that nobody asked for before, piece by piece.
pub(super) fn directly(object: &Listed) -> io::Result<Box<dyn Read>> {
    let (sender, receiver) = sync_channel(PIECES);
    let bucket = Arc::clone(&object.bucket);
    let (key, options) = (object.key.clone(), as_listed(object));
    object.bucket.runtime.spawn(async move {
        let said = |e: object_store::Error| Said(bucket.trouble.sentence(Some(key.as_ref()), &e));
        match bucket.store.get_opts(&key, options).await {
            Ok(got) => {
                let mut pieces = got.into_stream();
                while let Some(piece) = pieces.next().await {
                    let piece = piece.map(|bytes| bytes.to_vec()).map_err(said);
                    let is_end = piece.is_err();
                    if !hand_over(&sender, piece).await || is_end {
                        break;
                    }
                }
            }
            Err(error) => {
                hand_over(&sender, Err(said(error))).await;
            }
        }
        drop_elsewhere(bucket);
    });
    let mut pieces = Pieces { receiver, piece: Cursor::default() };
    // So that an object that cannot be had is an error before reading begins.
    pieces.advance()?;
    Ok(Box::new(pieces))
}

/// Waits for room without blocking the runtime; returns whether somebody still reads.
async fn hand_over(sender: &SyncSender<Whole>, piece: Whole) -> bool {
    use std::sync::mpsc::TrySendError;
    let mut piece = piece;
    loop {
        match sender.try_send(piece) {
            Ok(()) => return true,
            Err(TrySendError::Disconnected(_)) => return false,
            Err(TrySendError::Full(back)) => piece = back,
        }
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
}

/// An object that comes piece by piece.
struct Pieces {
    receiver: Receiver<Whole>,
    piece: Cursor<Vec<u8>>,
}

impl Pieces {
    /// Takes the next piece; whether there is one.
    fn advance(&mut self) -> io::Result<bool> {
        match self.receiver.recv() {
            Ok(Ok(bytes)) => {
                self.piece = Cursor::new(bytes);
                Ok(true)
            }
            Ok(Err(said)) => Err(io::Error::other(said)),
            Err(_) => Ok(false),
        }
    }
}

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let count = self.piece.read(buffer)?;
            if count > 0 || buffer.is_empty() || !self.advance()? {
                return Ok(count);
            }
        }
    }
}
