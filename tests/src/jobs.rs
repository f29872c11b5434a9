//! Job directories as logcore writes them, made by hand, so that the viewer is tested against the contract.

use logcore::disk::{Alive, Counts, JobFile, Outcome, Run, segment};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

/// A root with jobs; it is removed at the end.
pub struct Root {
    dir: tempfile::TempDir,
    alive: Option<Alive>,
}

impl Root {
    /// An empty root.
    ///
    /// # Panics
    /// If there is no temporary directory to be had.
    #[must_use]
    pub fn new() -> Root {
        Root { dir: tempfile::tempdir().expect("a temporary directory"), alive: None }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// A job without a `job.json`, such as anybody's directory of logs.
    ///
    /// # Panics
    /// If it cannot be made.
    pub fn job(&self, id: &str) -> Dir {
        let path = self.path().join(segment(id));
        fs::create_dir_all(&path).expect("a job directory");
        Dir { id: id.to_owned(), path }
    }

    /// A job that runs in this process.
    ///
    /// # Panics
    /// If it cannot be made.
    pub fn running(&mut self, id: &str) -> Dir {
        self.running_with(id, &[])
    }

    /// The same, with the patterns of its files.
    ///
    /// # Panics
    /// If it cannot be made.
    pub fn running_with(&mut self, id: &str, patterns: &[(&str, &str)]) -> Dir {
        let alive =
            self.alive.get_or_insert_with(|| Alive::claim(self.dir.path()).expect("a claim to be alive"));
        let process = alive.process().to_owned();
        let job = self.job(id);
        let run = Run { start: "2026-11-22T16:20:00.000Z".into(), process, ..Run::default() };
        let patterns = patterns.iter().map(|&(file, pattern)| (file.to_owned(), pattern.to_owned()));
        job.write(JobFile { patterns: patterns.collect(), runs: vec![run], ..JobFile::default() });
        job
    }

    /// A job whose process is gone and never finished it.
    ///
    /// # Panics
    /// If it cannot be made.
    pub fn killed(&self, id: &str) -> Dir {
        let job = self.job(id);
        job.run(Run { start: "2026-11-22T16:20:00.000Z".into(), process: "0-gone".into(), ..Run::default() });
        job
    }

    /// A job that has ended.
    ///
    /// # Panics
    /// If it cannot be made.
    pub fn ended(&self, id: &str, outcome: Outcome, counts: Counts) -> Dir {
        let job = self.job(id);
        let (start, end) = ("2026-11-22T16:20:00.000Z".into(), Some("2026-11-22T16:21:00.000Z".into()));
        job.run(Run { start, end, outcome: Some(outcome), counts, ..Run::default() });
        job
    }
}

impl Default for Root {
    fn default() -> Root {
        Root::new()
    }
}

/// A job's directory.
pub struct Dir {
    id: String,
    path: PathBuf,
}

impl Dir {
    /// One of its files.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// The runs that it has had: when each began and ended, and how.
    ///
    /// # Panics
    /// If they cannot be written.
    pub fn runs(&self, runs: &[(String, String, Outcome)]) {
        let run = |(start, end, outcome): &(String, String, Outcome)| Run {
            start: start.clone(),
            end: Some(end.clone()),
            outcome: Some(*outcome),
            ..Run::default()
        };
        self.write(JobFile { runs: runs.iter().map(run).collect(), ..JobFile::default() });
    }

    fn run(&self, run: Run) {
        self.write(JobFile { runs: vec![run], ..JobFile::default() });
    }

    fn write(&self, mut file: JobFile) {
        self.id.clone_into(&mut file.id);
        file.write(&self.path, "test").expect("a job.json");
    }

    /// Appends bytes to a file, which is made if need be.
    ///
    /// # Panics
    /// If that fails.
    pub fn append(&self, name: &str, text: impl AsRef<[u8]>) {
        let mut file =
            OpenOptions::new().append(true).create(true).open(self.file(name)).expect("a log file");
        file.write_all(text.as_ref()).expect("a written line");
    }

    /// Writes a record to each level file that wants it, as the shipped template does.
    pub fn log(&self, level: &str, message: &str) {
        let line = self.line(level, message);
        for (name, wants) in
            [("debug.log", "ERROR WARN INFO DEBUG"), ("info.log", "ERROR WARN INFO"), ("error.log", "ERROR")]
        {
            if wants.contains(level) {
                self.append(name, &line);
            }
        }
    }

    /// A record in the shipped pattern.
    #[must_use]
    pub fn line(&self, level: &str, message: &str) -> String {
        let id = &self.id;
        format!(
            "[{level}] [2026-11-22T16:20:01.123456789+00:00] [{id}] [4711:1] - [app::fetch] [line:42]: {message}\n"
        )
    }
}
