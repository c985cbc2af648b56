//! What all formats feed: good rows go on to the import, bad ones are counted and the first told.

use std::{
    io::{IsTerminal as _, Write as _},
    time::{Duration, Instant},
};

use anyhow::bail;
use arrow::array::RecordBatch;
use chrono::{DateTime, Utc};
use sightline_lake::{Import, ImportOptions, ImportSummary, Rows, Table};

const BATCH_ROWS: usize = 8_192;
const BAD_ROWS_SHOWN: u64 = 10;

/// Numbers for the summary.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Rows read from all files.
    pub read: u64,
    /// Rows that could not be understood.
    pub bad: u64,
    /// Log lines that are no successful page views.
    pub not_pages: u64,
    /// Page views of bots, left out.
    pub bots_left_out: u64,
    /// Page views of bots, kept.
    pub bots_kept: u64,
}

/// Takes in the rows of all files.
#[derive(Debug)]
pub struct Intake {
    import: Import,
    rows: Rows,
    strict: bool,
    file: String,
    progress: Progress,
    /// Numbers so far.
    pub counts: Counts,
}

impl Intake {
    /// An intake for an import; a strict one ends with the first bad row.
    pub fn new(import: Import, strict: bool) -> Self {
        Self {
            import,
            rows: Rows::new(Table::Events),
            strict,
            file: String::new(),
            progress: Progress::new("read"),
            counts: Counts::default(),
        }
    }

    /// What follows is from this file.
    pub fn begin_file(&mut self, name: &str) {
        name.clone_into(&mut self.file);
    }

    /// The file that is read.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// A row was read, whatever becomes of it.
    pub fn count_row(&mut self) {
        self.counts.read += 1;
        self.progress.add(1);
    }

    /// The row to fill in; `end_row` completes it.
    pub fn row(&mut self) -> &mut Rows {
        &mut self.rows
    }

    /// Completes a row.
    pub fn end_row(&mut self) -> anyhow::Result<()> {
        self.rows.end_row();
        if self.rows.len() >= BATCH_ROWS {
            self.flush()?;
        }
        Ok(())
    }

    /// Takes in rows that are columns already.
    pub fn batch(&mut self, rows: &RecordBatch) -> anyhow::Result<()> {
        Ok(self.import.push(rows)?)
    }

    /// A row that cannot be used. `place` is where in the file it is: `line 7`, `row 12`.
    pub fn bad(&mut self, place: impl std::fmt::Display, reason: &str) -> anyhow::Result<()> {
        if self.strict {
            bail!("{}, {place}: {reason}. Nothing was imported", self.file);
        }
        self.counts.bad += 1;
        if self.counts.bad <= BAD_ROWS_SHOWN {
            self.progress
                .line(&format!("bad row: {}, {place}: {reason}", self.file));
        }
        Ok(())
    }

    /// Puts everything in place.
    pub async fn finish(mut self) -> anyhow::Result<(ImportSummary, Counts)> {
        self.flush()?;
        if self.counts.bad > BAD_ROWS_SHOWN {
            self.progress.line(&format!(
                "… and {} more bad rows",
                self.counts.bad - BAD_ROWS_SHOWN
            ));
        }
        self.progress.phase("building sessions and writing files");
        Ok((self.import.finish().await?, self.counts))
    }

    fn flush(&mut self) -> anyhow::Result<()> {
        if !self.rows.is_empty() {
            self.import.push(&self.rows.finish()?)?;
        }
        Ok(())
    }
}

/// How an import goes about it that began at `began`.
pub fn import_options(began: DateTime<Utc>, memory_mib: usize) -> ImportOptions {
    ImportOptions {
        name: format!(
            "{}-{:x}",
            began.format("%Y%m%dT%H%M%S%3f"),
            std::process::id()
        ),
        spill_folder: std::env::temp_dir(),
        memory_bytes: memory_mib.max(8) << 20,
    }
}

/// Tells on standard error how far it has come.
#[derive(Debug)]
pub struct Progress {
    verb: &'static str,
    rows: u64,
    told: Instant,
    every: Duration,
    rewrites_line: bool,
    has_line: bool,
}

impl Progress {
    /// Tells how many rows were `verb`.
    pub fn new(verb: &'static str) -> Self {
        let rewrites_line = std::io::stderr().is_terminal();
        let every = if rewrites_line {
            Duration::from_millis(200)
        } else {
            Duration::from_secs(5)
        };
        Self {
            verb,
            rows: 0,
            told: Instant::now(),
            every,
            rewrites_line,
            has_line: false,
        }
    }

    /// So many more rows.
    pub fn add(&mut self, rows: u64) {
        self.rows += rows;
        // Looking at the clock for every row would cost more than the row.
        if (self.rows % 1_024 < rows || rows > 1) && self.told.elapsed() >= self.every {
            self.told = Instant::now();
            let text = format!("{} rows {}", self.rows, self.verb);
            self.show(&text);
        }
    }

    /// Something else begins.
    pub fn phase(&mut self, what: &str) {
        self.line(&format!("{} rows {}; {what}", self.rows, self.verb));
    }

    /// A line of its own.
    pub fn line(&mut self, text: &str) {
        self.show(text);
        if self.rewrites_line {
            eprintln!();
        }
        self.has_line = false;
    }

    fn show(&mut self, text: &str) {
        if self.rewrites_line {
            eprint!("\r\u{1B}[K{text}");
            // Progress that cannot be shown is no reason to stop.
            let _ = std::io::stderr().flush();
            self.has_line = true;
        } else {
            eprintln!("{text}");
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.has_line {
            eprintln!();
        }
    }
}
