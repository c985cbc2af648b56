//! What a runner says it ran, read from its own totals.
//!
//! Each runner's last words have a form of their own; none of them is trusted by its exit status alone, because a runner that found
//! nothing to run ends well too.

/// Tests counted over a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Tests that held.
    pub passed: u32,
    /// Tests that did not.
    pub failed: u32,
    /// Tests the runner left out.
    pub skipped: u32,
}

/// Whose totals are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runner {
    /// `test result: ok. 3 passed; 0 failed; 1 ignored; …`, once for each binary.
    Cargo,
    /// `ℹ pass 12`, `ℹ fail 0`, `ℹ skipped 0`, at the end.
    Node,
    /// `=== 1 failed, 12 passed, 2 skipped in 3.21s ===`, at the end.
    Pytest,
}

impl Tally {
    /// Adds what one line of a runner's output says.
    pub fn read(&mut self, runner: Runner, line: &str) {
        match runner {
            Runner::Cargo => self.read_cargo(line),
            Runner::Node => self.read_node(line),
            Runner::Pytest => self.read_pytest(line),
        }
    }

    /// Adds another's counts.
    pub fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }

    fn read_cargo(&mut self, line: &str) {
        let Some(totals) = line.trim_start().strip_prefix("test result:") else {
            return;
        };
        let totals = totals
            .split_once('.')
            .map_or(totals, |(_verdict, totals)| totals);
        for (count, word) in counts(totals, ';') {
            match word {
                "passed" => self.passed += count,
                "failed" => self.failed += count,
                "ignored" => self.skipped += count,
                _ => {}
            }
        }
    }

    fn read_node(&mut self, line: &str) {
        let Some(total) = line.strip_prefix("ℹ ").or_else(|| line.strip_prefix("# ")) else {
            return;
        };
        let Some((word, count)) = total.split_once(' ') else {
            return;
        };
        let Ok(count) = count.trim().parse::<u32>() else {
            return;
        };
        match word {
            "pass" => self.passed += count,
            "fail" | "cancelled" => self.failed += count,
            "skipped" | "todo" => self.skipped += count,
            _ => {}
        }
    }

    fn read_pytest(&mut self, line: &str) {
        let line = line.trim_matches('=').trim();
        let Some((totals, time)) = line.rsplit_once(" in ") else {
            return;
        };
        if !time.starts_with(|first: char| first.is_ascii_digit()) {
            return;
        }
        for (count, word) in counts(totals, ',') {
            match word {
                "passed" | "xpassed" => self.passed += count,
                "failed" | "error" | "errors" => self.failed += count,
                "skipped" | "xfailed" | "deselected" => self.skipped += count,
                _ => {}
            }
        }
    }
}

/// The `3 passed` of a line, between separators.
fn counts(line: &str, separator: char) -> impl Iterator<Item = (u32, &str)> {
    line.split(separator).filter_map(|part| {
        let (count, word) = part.trim().split_once(' ')?;
        Some((count.parse().ok()?, word))
    })
}

#[cfg(test)]
mod tests {
    use super::{Runner, Tally};

    fn tally(runner: Runner, output: &str) -> Tally {
        let mut tally = Tally::default();
        output.lines().for_each(|line| tally.read(runner, line));
        tally
    }

    #[test]
    fn cargo_totals_are_summed_over_binaries() {
        let output = "running 2 tests\ntest a ... ok\n\
            test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s\n\
            test result: FAILED. 3 passed; 1 failed; 2 ignored; 0 measured; 0 filtered out; finished in 1.20s\n";
        assert_eq!(
            tally(Runner::Cargo, output),
            Tally {
                passed: 5,
                failed: 1,
                skipped: 2
            }
        );
    }

    #[test]
    fn node_totals_count_cancelled_tests_as_failed() {
        let output = "✔ a name with pass 9 in it (1ms)\nℹ tests 14\nℹ suites 2\nℹ pass 12\nℹ fail 0\nℹ cancelled 1\nℹ skipped 1\nℹ todo 0\nℹ duration_ms 9\n";
        assert_eq!(
            tally(Runner::Node, output),
            Tally {
                passed: 12,
                failed: 1,
                skipped: 1
            }
        );
    }

    #[test]
    fn pytest_totals_count_errors_as_failed() {
        let output = "tests/a.py ..F [100%]\n=========== 1 failed, 12 passed, 2 skipped, 3 errors in 3.21s ===========\n";
        assert_eq!(
            tally(Runner::Pytest, output),
            Tally {
                passed: 12,
                failed: 4,
                skipped: 2
            }
        );
        assert_eq!(
            tally(Runner::Pytest, "no tests ran in 0.01s"),
            Tally::default()
        );
    }

    #[test]
    fn a_silent_runner_counts_nothing() {
        assert_eq!(tally(Runner::Node, ""), Tally::default());
    }
}
