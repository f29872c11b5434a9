//! What is fuzzed: each function takes any bytes and panics if logcore does what it must not.
//!
//! `cargo +nightly fuzz run template` in this directory's parent looks for more; `tests/tests/fuzz.rs` runs each over its
//! corpus and some thousand mutations of it on every `cargo test`.

use logcore::disk::{JobFile, MAX_SEGMENT_BYTES, OWN_DIR, id_of, recover, segment};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// A template: read, rendered and tried, or refused with a place.
pub(crate) fn template(bytes: &[u8]) {
    if let Err(error) = logcore::try_template(bytes) {
        assert!(!error.message.is_empty());
        let lines = bytes.iter().filter(|byte| **byte == b'\n' || **byte == b'\r').count() + 1;
        // The end of the text counts as a line of its own.
        assert!(error.line <= lines + 1, "line {} of {lines}: {error}", error.line);
        // It is shown to people.
        assert!(!error.to_string().contains('\u{1b}'), "{error:?}");
    }
}

/// A pattern, in a template that is right.
pub(crate) fn pattern(bytes: &[u8]) {
    let pattern = serde_json::Value::from(String::from_utf8_lossy(bytes));
    template(format!("appenders: {{ a: {{ kind: file, path: a.log, encoder: {{ pattern: {pattern} }} }} }}\nroot: {{ appenders: [ a ] }}\n").as_bytes());
}

/// A job's id, and the name of a directory.
pub(crate) fn id(bytes: &[u8]) {
    let id = String::from_utf8_lossy(bytes);
    let name = segment(&id);
    assert!(name.len() <= MAX_SEGMENT_BYTES);
    assert!(
        !name.starts_with('.')
            && !name.contains(['/', '\\', '\0'])
            && name.bytes().all(|b| b.is_ascii_graphic())
    );
    assert!(id.is_empty() || name.contains("%~") || id_of(&name).as_deref() == Some(&*id));
    // The other way: a name that has an id is that id's name.
    assert!(id_of(&id).is_none_or(|found| segment(&found) == id));
}

/// A `job.json`: read and written back, or refused.
pub(crate) fn job_json(bytes: &[u8]) {
    with_root(|root| {
        fs::write(root.join("job.json"), bytes).expect("a file can be written");
        let Ok(mut file) = JobFile::read(root) else { return };
        let _ = file.state(root);
        file.write(root, "fuzz").expect("what was read can be written");
        let again = JobFile::read(root).expect("what was written can be read");
        // What was read may have more runs than are kept.
        assert_eq!(again, file);
    });
}

/// The buffers of a dead process, by somebody who could have forged them.
pub(crate) fn buffers(bytes: &[u8]) {
    with_root(|root| {
        let path = root.join(OWN_DIR).join("dead.buffers");
        fs::write(&path, bytes).expect("a file can be written");
        // Anybody could have: its names are not to lead out of the root.
        fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).expect("it is ours");
        let found = recover(root);
        let written: u64 = found.iter().map(|file| file.bytes).sum();
        assert!(written <= bytes.len() as u64, "{found:?}");
        assert!(found.iter().all(|file| file.error.is_some() || file.path.starts_with(root)), "{found:?}");
        assert_eq!(path.exists(), found.iter().any(|file| file.error.is_some()), "{found:?}");
        let again = recover(root);
        assert!(again.iter().all(|file| file.bytes == 0), "written twice: {again:?}");
    });
}

/// Runs `act` with a root of this thread's own, with a job `j` and a claim to be alive, and cleans it afterwards.
fn with_root(act: impl FnOnce(&Path)) {
    thread_local!(static ROOT: tempfile::TempDir = tempfile::tempdir().expect("a temporary directory"));
    ROOT.with(|root| {
        let root = root.path();
        let (own, job) = (root.join(OWN_DIR), root.join("j"));
        fs::create_dir_all(&own).expect("a directory can be made");
        fs::create_dir_all(&job).expect("a directory can be made");
        act(root);
        // Names may lead anywhere below the root.
        for dir in [own.as_path(), &job, root] {
            for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
                let _ = fs::remove_file(entry.path());
            }
        }
    });
}
