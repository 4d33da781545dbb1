//! Gives the text bytes of a file. Gzip is recognised by its first bytes, never by the name; what was inflated
//! before damage is kept, and a bomb is stopped at the cap. Small files of one member are inflated in one call
//! (module `whole_file`).

use std::io::{self, Read};

use flate2::{Crc, Decompress, FlushDecompress, Status};

use crate::ingest::files::system_error::said_by_system;
use crate::ingest::inflate::caps::Caps;
use crate::ingest::inflate::gzip::{self, Header};
use crate::ingest::inflate::read_ahead::{CHUNK, ReadAhead};
use crate::ingest::inflate::whole_file::WholeFile;
use crate::ingest::inflate::window::Window;
use crate::ingest::ledger::reason::Reason;
use crate::wording::Sentence;

/// What ended a file early.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Damage {
    /// The reason that goes into the ledger.
    pub(crate) reason: Reason,
    /// What was found, for a person.
    pub(crate) detail: Sentence,
}

/// The state of inflating, kept from file to file because it is large.
#[derive(Debug)]
pub(crate) struct Inflate {
    deflate: Decompress,
    crc: Crc,
    input: Window,
    ahead: Window,
    whole_file: WholeFile,
}

impl Default for Inflate {
    fn default() -> Self {
        Inflate {
            deflate: Decompress::new(false),
            crc: Crc::new(),
            input: Window::default(),
            ahead: Window::default(),
            whole_file: WholeFile::default(),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Start,
    Plain,
    Header,
    Body,
    Trailer,
    End,
}

/// The bytes of one file.
pub(crate) struct Bytes<'i> {
    deflate: &'i mut Decompress,
    crc: &'i mut Crc,
    input: &'i mut Window,
    whole_file: Option<&'i mut WholeFile>,
    source: ReadAhead<'i>,
    caps: Caps,
    state: State,
    stored: u64,
    given: u64,
    /// The source has no more.
    source_ended: bool,
    damage: Option<Damage>,
}

impl Inflate {
    /// Starts with a file.
    pub(crate) fn open<'i>(&'i mut self, source: &'i mut dyn Read, caps: Caps) -> Bytes<'i> {
        let Inflate { deflate, crc, input, ahead, whole_file } = self;
        input.clear();
        Bytes {
            deflate,
            crc,
            input,
            whole_file: Some(whole_file),
            source: ReadAhead::new(source, ahead),
            caps,
            state: State::Start,
            stored: 0,
            given: 0,
            source_ended: false,
            damage: None,
        }
    }
}

impl<'i> Bytes<'i> {
    /// The same, but always piece by piece, so that no more is read than is needed.
    pub(crate) fn in_pieces(self) -> Bytes<'i> {
        Bytes { whole_file: None, ..self }
    }

    /// Bytes taken from the file so far.
    pub(crate) fn stored(&self) -> u64 {
        self.stored
    }

    /// Bytes given so far.
    pub(crate) fn given(&self) -> u64 {
        self.given
    }

    /// What ended the file early, if something did.
    pub(crate) fn damage(&self) -> Option<&Damage> {
        self.damage.as_ref()
    }

    /// Fills the window until it holds at least `target` bytes; false at the end, whether regular or by damage.
    pub(crate) fn fill(&mut self, window: &mut Window, target: usize) -> bool {
        if let Some(whole_file) = self.whole_file.take()
            && let Some(done) = whole_file.inflate(&mut self.source, window, self.caps)
        {
            (self.stored, self.given) = (done.stored as u64, done.given as u64);
            self.state = State::End;
        }
        while window.len() < target {
            if self.state == State::End {
                return false;
            }
            // No further than asked for, so that what is in memory stays in the processor's cache.
            let room = target - window.len();
            let free = window.free();
            let room = room.min(free.len());
            let given = self.step(free.get_mut(..room).unwrap_or_default());
            window.filled(given);
            self.given += given as u64;
            self.stop_bombs();
        }
        true
    }

    /// One step forward; how many bytes it gave.
    fn step(&mut self, free: &mut [u8]) -> usize {
        match self.state {
            State::Start => self.start(),
            State::Plain => self.plain(free),
            State::Header => self.header(),
            State::Body => self.body(free),
            State::Trailer => self.trailer(),
            State::End => 0,
        }
    }

    /// Gets more of the file; false when there is none.
    fn refill(&mut self) -> bool {
        while !self.source_ended {
            let free = self.input.free();
            let room = free.len().min(CHUNK);
            match self.source.read(free.get_mut(..room).unwrap_or_default()) {
                Ok(0) => self.source_ended = true,
                Ok(count) => {
                    self.input.filled(count);
                    self.stored += count as u64;
                    return true;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.source_ended = true;
                    self.stop(Reason::Unreadable, said_by_system(&error));
                }
            }
        }
        false
    }

    fn stop(&mut self, reason: Reason, detail: Sentence) {
        self.state = State::End;
        self.damage.get_or_insert(Damage { reason, detail });
    }

    fn start(&mut self) -> usize {
        while self.input.len() < gzip::MAGIC.len() && self.refill() {}
        if self.state == State::Start {
            self.state = match self.input.bytes().starts_with(&gzip::MAGIC) {
                true => State::Header,
                false => State::Plain,
            };
        }
        0
    }

    fn plain(&mut self, free: &mut [u8]) -> usize {
        if self.input.len() == 0 && !self.refill() {
            self.state = State::End;
            return 0;
        }
        self.input.read(free)
    }

    fn header(&mut self) -> usize {
        match gzip::header(self.input.bytes()) {
            Header::Ends(length) => {
                self.input.consume(length);
                self.deflate.reset(false);
                self.crc.reset();
                self.state = State::Body;
            }
            Header::More if self.refill() => {}
            Header::More => self.stop(Reason::TruncatedGzip, Sentence::new("log-gzip-header-ends")),
            Header::None => {
                self.stop(Reason::CorruptGzip, Sentence::new("log-gzip-header-damaged"))
            }
        }
        0
    }

    fn body(&mut self, free: &mut [u8]) -> usize {
        if self.input.len() == 0 && !self.refill() {
            // The decoder may still hold text, which comes before the end is noted.
            return self.inflate_some(free, Reason::TruncatedGzip);
        }
        self.inflate_some(free, Reason::CorruptGzip)
    }

    fn inflate_some(&mut self, free: &mut [u8], stuck: Reason) -> usize {
        let Bytes { deflate, crc, input, .. } = self;
        let (read, written) = (deflate.total_in(), deflate.total_out());
        let status = deflate.decompress(input.bytes(), free, FlushDecompress::None);
        let read = (deflate.total_in() - read) as usize;
        let written = (deflate.total_out() - written) as usize;
        input.consume(read);
        crc.update(free.get(..written).unwrap_or_default());
        match status {
            Ok(Status::StreamEnd) => self.state = State::Trailer,
            Ok(_) if read == 0 && written == 0 => {
                let bytes = self.given.to_string();
                self.stop(stuck, Sentence::new("log-deflate-ends").arg("bytes", bytes));
            }
            Ok(_) => {}
            // The library's own message varies with the size of the buffer, so it is not used.
            Err(_) => {
                let at = self.given + written as u64;
                let detail = Sentence::new("log-deflate-damaged").arg("bytes", at.to_string());
                self.stop(Reason::CorruptGzip, detail);
            }
        }
        written
    }

    /// Compares the checksum, then looks whether another member follows.
    fn trailer(&mut self) -> usize {
        while self.input.len() < gzip::TRAILER && self.refill() {}
        match gzip::checksum(self.input.bytes()) {
            Some(sum) if sum == self.crc.sum() => {}
            Some(_) => {
                self.stop(Reason::CorruptGzip, Sentence::new("log-checksum-wrong"));
                return 0;
            }
            None => {
                self.stop(Reason::TruncatedGzip, Sentence::new("log-checksum-missing"));
                return 0;
            }
        }
        self.input.consume(gzip::TRAILER);
        self.after_member();
        0
    }

    /// Another member, padding with zeros, or the end.
    fn after_member(&mut self) {
        loop {
            let bytes = self.input.bytes();
            let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
            self.input.consume(zeros);
            if self.input.len() > 0 || !self.refill() {
                break;
            }
        }
        if self.state == State::End {
            return;
        }
        self.state = match self.input.len() {
            0 => State::End,
            _ => State::Header,
        };
    }

    fn stop_bombs(&mut self) {
        let gzip = matches!(self.state, State::Header | State::Body | State::Trailer);
        let allowed = self.stored.saturating_mul(self.caps.ratio).max(Caps::FREE);
        if gzip && self.given > allowed.min(self.caps.bytes) {
            let detail = Sentence::new("log-bomb")
                .arg("bytes", self.given.to_string())
                .arg("stored", self.stored.to_string());
            self.stop(Reason::GzipBomb, detail);
        }
    }
}
