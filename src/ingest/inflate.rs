//! Opens a file and hands out its text bytes: gzip is told by its magic bytes, never by the name;
//! what was delivered before damage is kept, and a bomb stops at the cap.

use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::MultiGzDecoder;

use super::ledger::Reason;
use super::window::Window;

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// How far a file may inflate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caps {
    /// Most bytes one file may give.
    pub bytes: u64,
    /// Most bytes given for one byte stored, looked at beyond the first [`Caps::FREE`] bytes.
    /// Deflate cannot exceed about 1,030; repetitive records reach 60.
    pub ratio: u64,
}

impl Caps {
    /// So much is always given: small files of few repeated records compress extremely well.
    pub const FREE: u64 = 64 << 20;
}

impl Default for Caps {
    fn default() -> Self {
        Caps { bytes: 32 << 30, ratio: 400 }
    }
}

/// What ended a file early.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// The ledger's word.
    pub reason: Reason,
    /// What the decoder or the operating system said.
    pub detail: String,
}

/// Counts the bytes that go through it.
struct Counted<R> {
    inner: R,
    count: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.count += n as u64;
        Ok(n)
    }
}

enum Body<R: Read> {
    Plain(BufReader<Counted<R>>),
    Gzip(Box<MultiGzDecoder<BufReader<Counted<R>>>>),
}

/// The bytes of one file, inflated.
pub struct Inflate<R: Read> {
    body: Body<R>,
    caps: Caps,
    given: u64,
    damage: Option<Damage>,
}

impl<R: Read> Inflate<R> {
    /// Looks at the first bytes and decides whether to inflate.
    pub fn open(inner: R, caps: Caps) -> Inflate<R> {
        let mut reader = BufReader::with_capacity(128 << 10, Counted { inner, count: 0 });
        let mut damage = None;
        let gzip = match reader.fill_buf() {
            Ok(start) => start.starts_with(&GZIP_MAGIC),
            Err(error) => {
                damage = Some(Damage { reason: Reason::Unreadable, detail: error.to_string() });
                false
            }
        };
        let body = match gzip {
            true => Body::Gzip(Box::new(MultiGzDecoder::new(reader))),
            false => Body::Plain(reader),
        };
        Inflate { body, caps, given: 0, damage }
    }

    /// Bytes taken from the file so far.
    pub fn stored(&self) -> u64 {
        match &self.body {
            Body::Plain(reader) => reader.get_ref().count,
            Body::Gzip(decoder) => decoder.get_ref().get_ref().count,
        }
    }

    /// Bytes given so far.
    pub fn given(&self) -> u64 {
        self.given
    }

    /// What ended the file early, if anything did.
    pub fn damage(&self) -> Option<&Damage> {
        self.damage.as_ref()
    }

    /// Fills the window until it holds `target` bytes; false at the end, be it proper or by damage.
    pub fn fill(&mut self, window: &mut Window, target: usize) -> bool {
        while window.len() < target {
            if self.damage.is_some() {
                return false;
            }
            match self.read(window.free()) {
                Ok(0) => return false,
                Ok(n) => window.filled(n),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => self.damage = Some(self.describe(&error)),
            }
            if self.damage.is_none() {
                self.damage = self.over_the_cap();
            }
        }
        true
    }

    fn read(&mut self, free: &mut [u8]) -> io::Result<usize> {
        let n = match &mut self.body {
            Body::Plain(reader) => reader.read(free)?,
            Body::Gzip(decoder) => decoder.read(free)?,
        };
        self.given += n as u64;
        Ok(n)
    }

    fn over_the_cap(&self) -> Option<Damage> {
        let Body::Gzip(_) = self.body else { return None };
        let allowed = self.stored().saturating_mul(self.caps.ratio).max(Caps::FREE);
        if self.given <= allowed.min(self.caps.bytes) {
            return None;
        }
        let detail = format!(
            "stopped after {} bytes inflated from {}; raise the cap if this is no gzip bomb",
            self.given,
            self.stored()
        );
        Some(Damage { reason: Reason::GzipBomb, detail })
    }

    fn describe(&self, error: &io::Error) -> Damage {
        let reason = match (&self.body, error.kind()) {
            (Body::Plain(_), _) => Reason::Unreadable,
            (Body::Gzip(_), io::ErrorKind::UnexpectedEof) => Reason::TruncatedGzip,
            (Body::Gzip(_), io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData) => {
                Reason::CorruptGzip
            }
            (Body::Gzip(_), _) => Reason::Unreadable,
        };
        Damage { reason, detail: error.to_string() }
    }
}
