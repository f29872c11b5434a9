//! The demo without a terminal: real jobs, a table, exit code 0.

use logcore::disk::{JobFile, Outcome};
use std::fs;
use std::process::{Command, Stdio};
use tests::sandbox::lines;

#[test]
fn without_a_terminal_the_demo_runs_its_jobs_and_prints_their_table() {
    let dir = tempfile::tempdir().unwrap();
    let input = concat!(env!("CARGO_MANIFEST_DIR"), "/../logcore/src");
    let output = Command::new(env!("CARGO_BIN_EXE_viewer"))
        .args(["demo", "--jobs", "6", "--seconds", "60", "--input", input])
        .current_dir(dir.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let table = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{table}{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(table.lines().count(), 8, "a head, six jobs, a sum:\n{table}");

    for (job, outcome) in [
        ("pack-001-01", Outcome::Ok),
        ("upload-001-02", Outcome::Ok),
        ("check-text-001-03", Outcome::Ok),
        ("verify-archive-001-04", Outcome::Failed),
        ("index-titles-001-06", Outcome::Panicked),
    ] {
        let dir = dir.path().join("logs").join(job);
        let file = JobFile::read(&dir).unwrap();
        assert_eq!(file.runs[0].outcome, Some(outcome), "{job}");
        assert_eq!(file.runs[0].lost, 0);
        let debug = lines(dir.join("debug.log"));
        let records = debug.iter().filter(|line| line.starts_with('[')).count() as u64;
        assert_eq!(records, file.runs[0].counts.total(), "{job}: what was counted stands in the file");
        let row = table.lines().find(|line| line.starts_with(job)).unwrap();
        assert!(row.contains(&format!("{outcome:?}").to_lowercase()), "{row}");
    }
    let damaged = fs::read_to_string(dir.path().join("logs/verify-archive-001-04/error.log")).unwrap();
    assert!(damaged.contains("is damaged"), "{damaged}");
    let panicked = fs::read_to_string(dir.path().join("logs/index-titles-001-06/error.log")).unwrap();
    assert!(panicked.contains("not a char boundary"), "{panicked}");
}

#[test]
fn input_that_is_not_there_is_named() {
    let output = Command::new(env!("CARGO_BIN_EXE_viewer"))
        .args(["demo", "--input", "/no/such/dir"])
        .current_dir(tempfile::tempdir().unwrap().path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("--input /no/such/dir: it cannot be read"));
}
