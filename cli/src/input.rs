//! An input file, unpacked, and the format of what is in it.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Seek as _, SeekFrom},
    path::{Path, PathBuf},
};

use flate2::bufread::MultiGzDecoder;

use crate::formats::Format;

const BUFFER_BYTES: usize = 1 << 18;

/// A file whose content is read as a stream, or, for Parquet, at will.
pub struct Input {
    path: PathBuf,
    is_gzip: bool,
    reader: Box<dyn BufRead>,
}

impl Input {
    /// Opens a file. Whether it is gzip is seen from its first bytes.
    pub fn open(path: &Path) -> io::Result<Self> {
        let mut file = BufReader::with_capacity(BUFFER_BYTES, File::open(path)?);
        let is_gzip = file.fill_buf()?.starts_with(&[0x1F, 0x8B]);
        let reader: Box<dyn BufRead> = if is_gzip {
            Box::new(BufReader::with_capacity(
                BUFFER_BYTES,
                MultiGzDecoder::new(file),
            ))
        } else {
            Box::new(file)
        };
        Ok(Self {
            path: path.to_owned(),
            is_gzip,
            reader,
        })
    }

    /// The format its first bytes show; none when they show none.
    pub fn detect(&mut self) -> io::Result<Option<Format>> {
        let head = self.reader.fill_buf()?;
        let head = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head);
        if head.starts_with(b"PAR1") {
            return Ok(Some(Format::Parquet));
        }
        let first = head.trim_ascii_start();
        let line = first
            .split(|byte| *byte == b'\n')
            .next()
            .unwrap_or_default();
        let text = String::from_utf8_lossy(line);
        Ok(if first.starts_with(b"{") {
            Some(Format::Jsonl)
        } else if crate::web::LogLine::parse(text.trim_end()).is_ok() {
            Some(Format::AccessLog)
        } else if text.contains([',', '\t', ';']) {
            Some(Format::Csv)
        } else {
            None
        })
    }

    /// Whether the file's name says that its columns are separated by tabs.
    pub fn is_named_tsv(&self) -> bool {
        let name = self.path.to_string_lossy().to_lowercase();
        name.trim_end_matches(".gz").ends_with(".tsv")
    }

    /// The content as a stream.
    pub fn into_reader(self) -> Box<dyn BufRead> {
        self.reader
    }

    /// The content as a file that can be read at will; unpacked into a temporary one where it is gzip.
    pub fn into_file(mut self) -> io::Result<File> {
        if !self.is_gzip {
            return File::open(&self.path);
        }
        let mut unpacked = tempfile::tempfile()?;
        io::copy(&mut self.reader, &mut unpacked)?;
        unpacked.seek(SeekFrom::Start(0))?;
        Ok(unpacked)
    }
}
