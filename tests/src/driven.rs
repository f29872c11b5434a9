//! The other end of the host `driven`.

use crate::sandbox::Sandbox;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// A host process that does what it is told. It is killed when this is dropped.
pub struct Driven {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
}

impl Driven {
    /// A command that runs `program`, `env!("CARGO_BIN_EXE_driven")` where it is called.
    #[must_use]
    pub fn command(program: &str, sandbox: &Sandbox) -> Command {
        let mut command = Command::new(program);
        command.arg(sandbox.config());
        command
    }

    /// Starts it and waits until it has its logs.
    ///
    /// # Panics
    /// If it does not come so far.
    pub fn start(mut command: Command) -> Driven {
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("the host starts");
        let to = child.stdin.take().expect("it has an input");
        let from = BufReader::new(child.stdout.take().expect("it has an output"));
        let mut host = Driven { child, to, from };
        assert_eq!(host.answer(), "ready");
        host
    }

    /// Has it do something; its answer.
    ///
    /// # Panics
    /// If it is gone.
    pub fn ask(&mut self, what: &str) -> String {
        writeln!(self.to, "{what}").expect("the host lives");
        self.answer()
    }

    /// Has it do something that cannot fail.
    ///
    /// # Panics
    /// If it does.
    #[track_caller]
    pub fn tell(&mut self, what: &str) {
        let said = self.ask(what);
        assert_eq!(said, "done", "{what}");
    }

    /// Has it do something that is answered with a number.
    ///
    /// # Panics
    /// If it is not.
    #[track_caller]
    pub fn number(&mut self, what: &str) -> u64 {
        let said = self.ask(what);
        said.parse().unwrap_or_else(|_| panic!("{what}: {said}"))
    }

    /// Has it do something without waiting for it.
    ///
    /// # Panics
    /// If it is gone.
    pub fn begin(&mut self, what: &str) {
        writeln!(self.to, "{what}").expect("the host lives");
    }

    /// The answer to what was begun.
    ///
    /// # Panics
    /// If it is gone.
    pub fn answer(&mut self) -> String {
        let mut said = String::new();
        self.from.read_line(&mut said).expect("the host answers");
        assert!(!said.is_empty(), "the host is gone: {:?}", self.child.wait());
        said.trim_end().to_owned()
    }

    /// Kills it, as `kill -9` does.
    pub fn kill(mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Driven {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
