//! Which files were once part of another: `debug.log.1`, `debug.log.2.gz`, `debug.log.2026-11-22.zst`,
//! `debug.2026-11-22.log`, `debug-20261122.log.gz` are what was rotated away from `debug.log`.

use std::cmp::Reverse;
use std::ffi::{OsStr, OsString};

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

/// The file among `names` that a file was rotated away from, if any.
pub fn live_of<'n>(name: &OsStr, names: &'n [OsString]) -> Option<&'n OsString> {
    names
        .iter()
        .find(|live| live.as_os_str() != name && age(packing(name).0, live.as_encoded_bytes()).is_some())
}

/// How old a part of `live` is by its name, if it is one.
fn age(name: &[u8], live: &[u8]) -> Option<Age> {
    let stem = live.strip_suffix(b".log").unwrap_or(live);
    let rest = name.strip_prefix(live).or_else(|| name.strip_prefix(stem)?.strip_suffix(b".log"))?;
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
