//! Reads the start of a file ahead without taking it from whoever reads the file afterwards.

use std::io::{self, Read};

use crate::ingest::inflate::window::Window;

/// Bytes asked of the operating system at a time.
pub(crate) const CHUNK: usize = 128 << 10;

/// Gives what was read ahead, then the rest of the file: together what the file itself would have given.
pub(crate) struct ReadAhead<'i> {
    source: &'i mut dyn Read,
    window: &'i mut Window,
    /// How the file ended, once it did.
    ended: Option<io::Result<()>>,
}

impl<'i> ReadAhead<'i> {
    pub(crate) fn new(source: &'i mut dyn Read, window: &'i mut Window) -> ReadAhead<'i> {
        window.clear();
        ReadAhead { source, window, ended: None }
    }

    /// Reads until `count` bytes are there, or to the end; returns what was read.
    pub(crate) fn gather(&mut self, count: usize) -> &[u8] {
        while self.ended.is_none() && self.window.len() < count {
            let free = self.window.free();
            let room = free.len().min(CHUNK);
            match self.source.read(free.get_mut(..room).unwrap_or_default()) {
                Ok(0) => self.ended = Some(Ok(())),
                Ok(count) => self.window.filled(count),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => self.ended = Some(Err(error)),
            }
        }
        self.window.bytes()
    }

    /// All of the file, if it was gathered to its end.
    pub(crate) fn all(&self) -> Option<&[u8]> {
        matches!(self.ended, Some(Ok(()))).then(|| self.window.bytes())
    }

    /// Forgets what was gathered.
    pub(crate) fn clear(&mut self) {
        self.window.clear();
    }
}

impl Read for ReadAhead<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.window.read(buffer);
        if count > 0 {
            return Ok(count);
        }
        match self.ended.take() {
            None => self.source.read(buffer),
            Some(Ok(())) => {
                self.ended = Some(Ok(()));
                Ok(0)
            }
            Some(Err(error)) => Err(error),
        }
    }
}
