//! The viewer as an app: its commands, its configuration, its list and what it remembers.

use tests::jobs::Root;
use tests::terminal::Terminal;

const VIEWER: &str = env!("CARGO_BIN_EXE_viewer");

/// The viewer over two running jobs.
fn over_two_jobs() -> (Root, Terminal) {
    let mut root = Root::new();
    for id in ["import-42", "mailer-7"] {
        let job = root.running(id);
        for number in 1..=300 {
            job.log("INFO", &format!("{id} says {number:03}"));
        }
    }
    let terminal = Terminal::view(VIEWER, root.path());
    terminal.sees("says 300");
    (root, terminal)
}

#[test]
fn the_command_list_finds_a_command_by_some_letters_and_does_it() {
    let (_root, mut terminal) = over_two_jobs();
    terminal.keys(":");
    terminal.sees("Commands");
    terminal.sees("half-page-down");
    terminal.keys("erronly");
    terminal.loses("half-page-down");
    terminal.sees("errors-only");
    terminal.keys("\r");
    terminal.loses("says 300");
    terminal.sees("only E");
    terminal.keys(":alllev\r");
    terminal.sees("says 300");
    terminal.keys(":120\r");
    terminal.sees("says 120");
    terminal.sees(" HOLD ");
}
