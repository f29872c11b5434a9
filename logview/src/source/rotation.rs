//! Which files were once part of another: `debug.log.1`, `debug.log.2.gz`, `debug.log.2026-11-22.zst`,
//! `debug.2026-11-22.log`, `debug-20261122.log.gz` are what was rotated away from `debug.log`; what a limit has left of it
//! (`debug.head.log`, `debug.tail.log`) also; and whatever the template
//! calls its parts, where `job.json` says that.

use std::cmp::Reverse;
use std::ffi::{OsStr, OsString};
use std::path::{Component, Path};

/// What stands in the order of their age, the oldest first: a date and a time as digits, then a number, of which the
/// higher is the older.
type Age = (Vec<u8>, Reverse<u64>);

/// How a part is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    /// As gzip does.
    Gzip,
    /// As zstd does.
    Zstd,
}

/// How a file of this name is packed, and its name without that.
pub fn packing(name: &OsStr) -> (&[u8], Option<Packing>) {
    let name = name.as_encoded_bytes();
    if let Some(plain) = name.strip_suffix(b".gz") {
        return (plain, Some(Packing::Gzip));
    }
    match name.strip_suffix(b".zst") {
        Some(plain) => (plain, Some(Packing::Zstd)),
        None => (name, None),
    }
}

/// Of the files of a directory those that were rotated away from `live`, the oldest first. One that stands there plain
/// and packed, since it is being packed, is its plain one.
pub fn parts(live: &OsStr, names: &[OsString]) -> Vec<OsString> {
    let mut parts: Vec<(Age, bool, &OsString)> = names
        .iter()
        .filter_map(|name| {
            let (plain, packing) = packing(name);
            Some((age(plain, live.as_encoded_bytes())?, packing.is_some(), name))
        })
        .collect();
    parts.sort();
    parts.dedup_by(|second, first| second.0 == first.0);
    parts.into_iter().map(|(.., name)| name.clone()).collect()
}

/// What a template calls the parts of a file.
#[derive(Debug, PartialEq, Eq)]
pub struct Named<'p> {
    /// Where they stand, below the job's directory.
    pub dir: &'p Path,
    /// The name with the index left out between the pieces.
    pieces: Vec<&'p str>,
}

impl<'p> Named<'p> {
    /// By a path with `{}` for the index; `None` if it leads out of the directory, or each part to another one.
    pub fn of(pattern: &'p str) -> Option<Named<'p>> {
        let path = Path::new(pattern);
        let (dir, name) = (path.parent()?, path.file_name()?);
        let inside = dir.components().all(|part| matches!(part, Component::Normal(_)));
        if !inside || dir.to_str()?.contains("{}") {
            return None;
        }
        let pieces: Vec<&str> = std::str::from_utf8(packing(name).0).ok()?.split("{}").collect();
        (pieces.len() > 1).then_some(Named { dir, pieces })
    }

    /// The index of a part, if this is one.
    pub fn index(&self, name: &OsStr) -> Option<u64> {
        let name = std::str::from_utf8(packing(name).0).ok()?;
        let rest = name.strip_prefix(self.pieces[0])?;
        let digits = &rest[..rest.bytes().take_while(u8::is_ascii_digit).count()];
        (self.pieces.join(digits) == name).then(|| digits.parse().ok())?
    }

    /// The parts among these names, the oldest first; one that stands there plain and packed is its plain one.
    pub fn parts(&self, names: &[OsString]) -> Vec<OsString> {
        let mut parts: Vec<_> = names
            .iter()
            .filter_map(|name| Some((Reverse(self.index(name)?), packing(name).1.is_some(), name)))
            .collect();
        parts.sort();
        parts.dedup_by_key(|(index, ..)| *index);
        parts.into_iter().map(|(.., name)| name.clone()).collect()
    }
}

/// The file among `names` that a file was rotated away from, if any.
pub fn live_of<'n>(name: &OsStr, names: &'n [OsString]) -> Option<&'n OsString> {
    names
        .iter()
        .find(|live| live.as_os_str() != name && age(packing(name).0, live.as_encoded_bytes()).is_some())
}

/// The name of the file that a file was rotated away from, also if there is none of that name now: `a.log` for `a.log.2.gz`.
pub fn live_name(name: &OsStr) -> Option<&str> {
    let plain = std::str::from_utf8(packing(name).0).ok()?;
    let end = plain.find(".log")? + ".log".len();
    let live = &plain[..end];
    (live.len() > ".log".len() && age(plain.as_bytes(), live.as_bytes()).is_some()).then_some(live)
}

/// How old a part of `live` is by its name, if it is one.
fn age(name: &[u8], live: &[u8]) -> Option<Age> {
    let stem = live.strip_suffix(b".log").unwrap_or(live);
    let rest = name.strip_prefix(live).or_else(|| name.strip_prefix(stem)?.strip_suffix(b".log"))?;
    // What `logcore.limits.max_size` has left of the beginning, and of what came before the file.
    if rest == b".head" || rest == b".tail" {
        return Some((Vec::new(), Reverse(u64::MAX - u64::from(rest == b".tail"))));
    }
    let (first, rest) = rest.split_first()?;
    if !matches!(first, b'.' | b'-' | b'_') || !rest.first()?.is_ascii_digit() {
        return None;
    }
    let allowed = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'_' | b':' | b'T');
    if !rest.iter().all(allowed) || rest.len() > 40 {
        return None;
    }
    // Groups of digits that make a date of eight or more are one; what remains is the number.
    let groups: Vec<&[u8]> =
        rest.split(|byte| !byte.is_ascii_digit()).filter(|group| !group.is_empty()).collect();
    let number = |group: &[u8]| std::str::from_utf8(group).ok()?.parse::<u64>().ok();
    let dated = groups[0].len() >= 4 && (groups[0].len() >= 6 || groups.len() >= 3);
    match groups[..] {
        [only] if !dated => Some((Vec::new(), Reverse(number(only)?))),
        _ if !dated => None,
        _ => {
            let last = groups.last().filter(|last| groups.len() > 1 && last.len() != 2 && last.len() < 4);
            let date = &groups[..groups.len() - usize::from(last.is_some())];
            Some((date.concat(), Reverse(last.and_then(|last| number(last)).unwrap_or(0))))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_tells_the_name_that_it_had() {
        for (part, live) in [
            ("a.log.1", Some("a.log")),
            ("a.log.12.gz", Some("a.log")),
            ("a.log-20261122.zst", Some("a.log")),
            ("a.log.2026-11-22", Some("a.log")),
            ("a.log", None),
            (".log.1", None),
            ("a.log.bak", None),
            ("a.logs.1", None),
            ("worker-1.log", None),
        ] {
            assert_eq!(live_name(part.as_ref()), live, "{part}");
        }
    }

    fn of(live: &str, names: &[&str]) -> Vec<String> {
        let names: Vec<OsString> = names.iter().map(OsString::from).collect();
        parts(live.as_ref(), &names).into_iter().map(|name| name.into_string().unwrap()).collect()
    }

    #[test]
    fn numbers_fall_and_dates_rise_towards_the_live_file() {
        let names =
            ["debug.log", "debug.log.2.gz", "debug.log.10", "debug.log.1", "debug.log.1.gz", "info.log.1"];
        assert_eq!(of("debug.log", &names), ["debug.log.10", "debug.log.2.gz", "debug.log.1"]);
        let names =
            ["debug.2026-11-22.log", "debug.log.2026-11-21.zst", "debug-20261120.log.gz", "debug.log"];
        let sorted = ["debug-20261120.log.gz", "debug.log.2026-11-21.zst", "debug.2026-11-22.log"];
        assert_eq!(of("debug.log", &names), sorted);
        let names = ["debug.log.2026-11-22.1", "debug.log.2026-11-22.2", "debug.log.2026-11-22-13"];
        let sorted = ["debug.log.2026-11-22.2", "debug.log.2026-11-22.1", "debug.log.2026-11-22-13"];
        assert_eq!(of("debug.log", &names), sorted);
    }

    #[test]
    fn parts_are_found_by_what_the_template_calls_them() {
        let names =
            ["2-debug.log.gz", "10-debug.log", "2-debug.log", "debug.log", "x-debug.log", "3-info.log"];
        let names: Vec<OsString> = names.iter().map(OsString::from).collect();
        let named = Named::of("old/{}-debug.log.zst").unwrap();
        assert_eq!(
            (named.dir, named.parts(&names)),
            (Path::new("old"), vec!["10-debug.log".into(), "2-debug.log".into()])
        );
        let twice = Named::of("{}.debug.{}.log").unwrap();
        assert_eq!(
            (twice.index("4.debug.4.log".as_ref()), twice.index("4.debug.5.log".as_ref())),
            (Some(4), None)
        );
        for pattern in ["../{}.log", "/tmp/{}.log", "{}/debug.log", "debug.log", "a/../{}.log", ""] {
            assert_eq!(Named::of(pattern), None, "{pattern}");
        }
    }

    #[test]
    fn what_a_limit_has_left_of_a_file_stands_above_it() {
        let names = ["debug.tail.log", "debug.log", "debug.head.log", "info.tail.log", "debug.tails.log"];
        assert_eq!(of("debug.log", &names), ["debug.head.log", "debug.tail.log"]);
    }

    #[test]
    fn other_files_are_no_parts() {
        let names = [
            "debug2.log",
            "debug.log.bak",
            "debug.log.1x",
            "debug-old.log",
            "debug.logs",
            "debug.log.",
            "debug.log.gz",
        ];
        assert!(of("debug.log", &names).is_empty());
        let names: Vec<OsString> = ["debug.log", "debug.2026-11-22.log"].iter().map(OsString::from).collect();
        assert_eq!(live_of("debug.2026-11-22.log".as_ref(), &names), Some(&names[0]));
        assert_eq!(live_of("debug.log".as_ref(), &names), None);
        assert_eq!(live_of("debug.2026-11-22.log".as_ref(), &names[1..]), None);
    }
}
