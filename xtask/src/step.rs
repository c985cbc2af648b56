//! A step: one child process, announced before it runs, timed, and explained when it fails.
//!
//! A step that takes long says every half minute that it is alive, so that a log without Cargo's progress bar moves too.

use std::ffi::OsStr;
use std::io::{self, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

const HEARTBEAT: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(50);

/// Prints a line about what happens now.
pub fn say(text: impl AsRef<str>) {
    let mut out = io::stderr().lock();
    // A closed terminal is no reason to stop building.
    let _ = writeln!(out, "▸ {}", text.as_ref());
}

/// Seconds as people read them: `0.4 s`, `12 s`, `3 min 05 s`.
pub fn human(elapsed: Duration) -> String {
    let seconds = elapsed.as_secs();
    match seconds {
        0..10 => format!("{:.1} s", elapsed.as_secs_f64()),
        10..60 => format!("{seconds} s"),
        _ => format!("{} min {:02} s", seconds / 60, seconds % 60),
    }
}

/// Runs `command` with its output on the terminal; an error names the command and its exit status.
pub fn run(label: &str, command: &mut Command) -> Result<Duration> {
    say(label);
    let started = Instant::now();
    let child = command.spawn().with_context(|| cannot_start(command))?;
    let status = watch(label, child, started)?;
    if !status.success() {
        bail!("{label}: `{}` ended with {status}", shown(command));
    }
    let elapsed = started.elapsed();
    if elapsed > Duration::from_secs(2) {
        say(format!("{label}: {}", human(elapsed)));
    }
    Ok(elapsed)
}

/// What `command` wrote to its standard output, without surrounding white space. Its errors stay on the terminal.
pub fn output(command: &mut Command) -> Result<String> {
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| cannot_start(command))?;
    if !output.status.success() {
        bail!("`{}` ended with {}", shown(command), output.status);
    }
    let text = String::from_utf8(output.stdout)
        .with_context(|| format!("`{}` wrote no text", shown(command)))?;
    Ok(text.trim().to_owned())
}

/// Whether `command` can be started and succeeds; its output is thrown away.
pub fn succeeds(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Waits for `child`, saying every half minute that it still runs.
pub fn watch(label: &str, mut child: Child, started: Instant) -> Result<ExitStatus> {
    let mut next_beat = HEARTBEAT;
    loop {
        if let Some(status) = child.try_wait().context("waiting for a child process")? {
            return Ok(status);
        }
        if started.elapsed() >= next_beat {
            say(format!(
                "{label}: still at it after {}",
                human(started.elapsed())
            ));
            next_beat += HEARTBEAT;
        }
        thread::sleep(POLL);
    }
}

fn cannot_start(command: &Command) -> String {
    format!(
        "`{}` could not be started",
        command.get_program().to_string_lossy()
    )
}

fn shown(command: &Command) -> String {
    let mut words = vec![command.get_program().to_string_lossy().into_owned()];
    words.extend(
        command
            .get_args()
            .map(OsStr::to_string_lossy)
            .map(Into::into),
    );
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_as_people_write_them() {
        assert_eq!(human(Duration::from_millis(440)), "0.4 s");
        assert_eq!(human(Duration::from_secs(59)), "59 s");
        assert_eq!(human(Duration::from_secs(185)), "3 min 05 s");
    }
}
