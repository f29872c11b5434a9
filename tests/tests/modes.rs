//! The permissions of what is made. They are the process's, so that this has a process of its own.
#![allow(clippy::unwrap_used)] // a test that cannot go on has failed
#![cfg(unix)]

use logcore::{Logs, Outcome};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use tests::sandbox::{LEVEL_FILES, Sandbox};

#[test]
fn files_and_directories_are_made_with_the_permissions_that_the_template_names() {
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    for (keys, file, directory) in
        [("", 0o640, 0o750), ("mode: { file: \"0600\", directory: \"0700\" }, ", 0o600, 0o700)]
    {
        let sandbox = Sandbox::new(&LEVEL_FILES.replace("buffer:", &format!("{keys}buffer:")));
        let logs = Logs::from_file(sandbox.config()).unwrap();
        let job = logs.job("j").start().unwrap();
        log::error!(logger: job, "one");
        job.finish(Outcome::Ok);
        assert_eq!(mode(job.dir()), directory);
        for name in ["debug.log", "error.log", "job.json"] {
            assert_eq!(mode(&job.dir().join(name)), file, "{name}");
        }
    }
    for (keys, culprit) in [
        ("file: \"0400\"", "the host itself could not use it"),
        ("file: \"0999\"", "no permissions"),
        ("directory: 493", "expected a text, found the number 493"),
    ] {
        let sandbox = Sandbox::new(&LEVEL_FILES.replace("buffer:", &format!("mode: {{ {keys} }}, buffer:")));
        let error = Logs::from_file(sandbox.config()).unwrap_err().to_string();
        assert!(error.contains(culprit) && error.contains("logcore.mode."), "{error}");
    }
}
