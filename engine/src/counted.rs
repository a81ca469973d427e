//! Counts the bytes that go into a sink.

use std::io::{self, Write};

/// A sink and how many bytes it took.
#[derive(Debug)]
pub(crate) struct Counted<W> {
    sink: W,
    pub(crate) bytes: u64,
}

impl<W> Counted<W> {
    pub(crate) fn new(sink: W) -> Self {
        Self { sink, bytes: 0 }
    }
}

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let written = self.sink.write(buffer)?;
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sink.flush()
    }
}
