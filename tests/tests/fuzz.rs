//! Each fuzz target over its corpus and some thousand mutations of it: the same ones each time, on stable Rust.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)] // a test that cannot go on has failed

#[path = "../fuzz/src/reading.rs"]
mod reading;
#[path = "../fuzz/src/targets.rs"]
mod targets;

use std::fs;
use std::path::Path;

/// Numbers that seem to come from nowhere, and are the same each time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound.max(1) as u64) as usize
    }
}

fn mutated(numbers: &mut Numbers, corpus: &[Vec<u8>]) -> Vec<u8> {
    const ODD: [&[u8]; 14] = [
        b"\xff\xff\xff\xff",
        b"\0\0\0\0",
        b"${",
        b"}",
        b"{",
        b"\xef\xbb\xbf",
        b"\n",
        b": ",
        b"%",
        b"..",
        b"/",
        b"-1",
        b"99999999999999999999",
        "\u{10fffd}".as_bytes(),
    ];
    let mut bytes = corpus[numbers.below(corpus.len())].clone();
    for _ in 0..=numbers.below(4) {
        let (at, more) = (numbers.below(bytes.len() + 1), numbers.below(16));
        let end = (at + more).min(bytes.len());
        match numbers.below(6) {
            0 if at < bytes.len() => bytes[at] ^= 1 << numbers.below(8),
            1 => drop(bytes.drain(at..end)),
            2 => drop(bytes.splice(at..at, ODD[numbers.below(ODD.len())].iter().copied())),
            3 => drop(
                bytes.splice(at..(at + 4).min(bytes.len()), ODD[numbers.below(ODD.len())].iter().copied()),
            ),
            4 => {
                let other = &corpus[numbers.below(corpus.len())];
                let from = numbers.below(other.len() + 1);
                let piece = other[from..(from + 64).min(other.len())].to_vec();
                drop(bytes.splice(at..at, piece));
            }
            _ => bytes.truncate(at),
        }
    }
    bytes
}

fn run(name: &str, target: fn(&[u8]), times: usize) {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(name);
    let mut files: Vec<_> = fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let corpus: Vec<_> = files.iter().map(|file| fs::read(file).unwrap()).collect();
    assert!(!corpus.is_empty(), "{name} has a corpus");
    corpus.iter().for_each(|bytes| target(bytes));
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    for round in 0..times {
        let bytes = mutated(&mut numbers, &corpus);
        let result = std::panic::catch_unwind(|| target(&bytes));
        assert!(result.is_ok(), "{name}, round {round}: {:?}", String::from_utf8_lossy(&bytes));
    }
}

#[test]
fn the_template() {
    run("template", targets::template, 3000);
}

#[test]
fn the_pattern() {
    run("pattern", targets::pattern, 3000);
}

#[test]
fn the_id() {
    run("id", targets::id, 20_000);
}

#[test]
fn job_json() {
    run("job_json", targets::job_json, 3000);
}

#[test]
fn buffers_of_a_dead_process() {
    run("buffers", targets::buffers, 3000);
}

#[test]
fn the_lines_of_any_bytes() {
    run("lines", reading::lines, 1000);
}

#[test]
fn a_file_that_is_followed() {
    run("following", reading::following, 2000);
}

#[test]
fn several_logs_as_one() {
    run("several", reading::several, 2000);
}

#[test]
fn packed_parts() {
    run("packed", reading::packed, 2000);
}

#[test]
fn lines_by_their_pattern() {
    run("format", reading::format, 5000);
}
