//! A directory with a template and a log root, thrown away at the end.

use std::fs;
use std::path::{Path, PathBuf};

/// A template and a log root of one test's own.
pub struct Sandbox {
    dir: tempfile::TempDir,
}

/// Three level files with thresholds, as the shipped template has them; lines are `LEVEL|job|message`.
pub const LEVEL_FILES: &str = r#"
logcore: { dir: "ROOT", buffer: { flush: 10ms } }
appenders:
  debug: { kind: file, path: "${job_dir}/debug.log", encoder: { pattern: "{l}|${job_id}|{m}{n}" } }
  info:
    kind: file
    path: "${job_dir}/info.log"
    filters: [ { kind: threshold, level: info } ]
    encoder: { pattern: "{l}|${job_id}|{m}{n}" }
  error:
    kind: file
    path: "${job_dir}/error.log"
    filters: [ { kind: threshold, level: error } ]
    encoder: { pattern: "{l}|${job_id}|{m}{n}" }
root: { level: debug, appenders: [ debug, info, error ] }
"#;

impl Sandbox {
    /// With `template`, in which `ROOT` stands for the log root.
    #[must_use]
    pub fn new(template: &str) -> Sandbox {
        let sandbox = Sandbox { dir: tempfile::tempdir().expect("a temporary directory") };
        fs::create_dir(sandbox.path("config")).expect("a directory in it");
        sandbox.save(template);
        sandbox
    }

    /// Saves the template in place, as a simple editor does.
    pub fn save(&self, template: &str) {
        fs::write(self.config(), self.fill(template)).expect("the template can be saved");
    }

    /// `template` with the log root filled in.
    #[must_use]
    pub fn fill(&self, template: &str) -> String {
        template.replace("ROOT", &self.root().to_string_lossy())
    }

    /// Where the template is.
    #[must_use]
    pub fn config(&self) -> PathBuf {
        self.path("config/log.yaml")
    }

    /// Where the job directories are.
    #[must_use]
    pub fn root(&self) -> PathBuf {
        self.path("logs")
    }

    /// Something in the sandbox.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }
}

/// The lines of a file; none if it does not exist.
#[must_use]
pub fn lines(file: impl AsRef<Path>) -> Vec<String> {
    let text = fs::read(file).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

/// Waits until `holds`.
///
/// # Panics
/// If it never does; says `what`.
#[track_caller]
pub fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    crate::eventually(what, || holds().then_some(()), String::new);
}
