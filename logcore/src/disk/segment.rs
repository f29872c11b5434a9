//! A job id as one path segment, safely and reversibly.
//!
//! Percent-encoding in its strictest form: lower-case letters, digits and `.` `_` `-` `+` `=` `,` `@` stand for
//! themselves, every other byte is `%` and two lower-case hex digits. Upper-case letters are escaped too, so that
//! `Job` and `job` are two directories on file systems that fold case as well. Any percent-decoder reads it back.

use siphasher::sip128::{Hasher128, SipHasher24};
use std::hash::Hasher;

/// The longest id that a job may have, in bytes.
pub const MAX_ID_BYTES: usize = 8192;

/// The longest directory name that [`segment`] returns, in bytes. Linux allows 255, encrypted file systems 143
/// (eCryptfs), so longer ones are cut to a prefix and a hash.
pub const MAX_SEGMENT_BYTES: usize = 143;

const HASH_MARK: &str = "%~";
const HASH_HEX: usize = 32;

/// The directory name of the job `id`.
///
/// Different ids have different names, also where the file system folds case. The name is never empty for an id that
/// is not, never `.` or `..`, holds no separator, is no reserved device name of Windows, starts with neither a dot
/// nor a dash, and is at most [`MAX_SEGMENT_BYTES`] long. An id too long for that becomes its first part, `%~` and a
/// 128-bit hash; what it was then stands in `job.json`.
///
/// ```
/// use logcore::disk::{id_of, segment};
/// assert_eq!(segment("import-42"), "import-42");
/// assert_eq!(segment("../etc/Passwd"), "%2e.%2fetc%2f%50asswd");
/// assert_eq!(id_of("%2e.%2fetc%2f%50asswd").as_deref(), Some("../etc/Passwd"));
/// ```
#[must_use]
pub fn segment(id: &str) -> String {
    let escape_first = is_reserved(id);
    let mut out = String::with_capacity(id.len() + 8);
    for (at, byte) in id.bytes().enumerate() {
        let plain = match byte {
            b'a'..=b'z' | b'0'..=b'9' => !(at == 0 && escape_first),
            b'_' | b'+' | b'=' | b',' | b'@' => true,
            b'-' => at > 0,
            b'.' => at > 0 && at + 1 < id.len(),
            _ => false,
        };
        if plain {
            out.push(char::from(byte));
        } else {
            push_escape(&mut out, byte);
        }
    }
    if out.len() > MAX_SEGMENT_BYTES {
        shorten(&mut out, id);
    }
    out
}

/// The id whose directory is called `segment`, where the name alone tells: `None` if [`segment`] never returns it or
/// if it is a shortened one.
#[must_use]
pub fn id_of(name: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(name.len());
    let mut rest = name.as_bytes();
    while let [first, tail @ ..] = rest {
        if *first == b'%' {
            let hex = std::str::from_utf8(tail.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(hex, 16).ok()?);
            rest = &tail[2..];
        } else {
            bytes.push(*first);
            rest = tail;
        }
    }
    let id = String::from_utf8(bytes).ok()?;
    (!id.is_empty() && segment(&id) == name).then_some(id)
}

fn push_escape(out: &mut String, byte: u8) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    out.push('%');
    out.push(char::from(HEX[usize::from(byte >> 4)]));
    out.push(char::from(HEX[usize::from(byte & 15)]));
}

fn shorten(out: &mut String, id: &str) {
    let mut hasher = SipHasher24::new();
    hasher.write(id.as_bytes());
    let hash = hasher.finish128().as_u128();
    let mut keep = MAX_SEGMENT_BYTES - HASH_MARK.len() - HASH_HEX;
    // Never end in the middle of an escape.
    if let Some(percent) = out[..keep].rfind('%').filter(|percent| percent + 3 > keep) {
        keep = percent;
    }
    out.truncate(keep);
    out.push_str(HASH_MARK);
    out.push_str(&format!("{hash:032x}"));
}

/// Device names that Windows reserves in every directory, with or without an extension.
fn is_reserved(id: &str) -> bool {
    let stem = id.split('.').next().unwrap_or(id).trim_end_matches(' ');
    let lower = stem.to_ascii_lowercase();
    match lower.as_str() {
        "con" | "prn" | "aux" | "nul" | "conin$" | "conout$" => true,
        _ => {
            let digit = lower.strip_prefix("com").or_else(|| lower.strip_prefix("lpt"));
            digit.is_some_and(|d| matches!(d, "¹" | "²" | "³") || matches!(d.as_bytes(), [b'0'..=b'9']))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn hostile_ids_stay_one_harmless_segment() {
        for id in [
            ".",
            "..",
            "../..",
            "/etc/passwd",
            "a/b",
            "a\\b",
            "a\0b",
            "$ENV{HOME}",
            "$TIME{%Q}",
            "{}",
            "{d(%Q)}",
            "CON",
            "nul.txt",
            "com1",
            "LPT9.log",
            "-rf",
            "trailing.",
            "trailing ",
            "😀",
            "a\nb",
            "\u{1b}[2J",
            "%2e%2e",
            ".logcore",
            "~",
        ] {
            let name = segment(id);
            assert!(
                !name.contains(['/', '\\', '\0', '\n', '\u{1b}', '$', '{', ' ']),
                "{id:?} became {name:?}"
            );
            assert!(!name.starts_with(['.', '-', '~']) && !name.ends_with('.'), "{id:?} became {name:?}");
            assert!(!is_reserved(&name), "{id:?} became {name:?}");
            assert_eq!(id_of(&name).as_deref(), Some(id));
        }
    }

    #[test]
    fn ordinary_ids_are_readable_as_they_are() {
        for id in ["import-0817-0042", "ocr_batch.118", "mailer-7f3a", "k=v,x@y+z"] {
            assert_eq!(segment(id), id);
        }
    }

    #[test]
    fn a_long_id_is_cut_and_hashed_and_says_that_it_is_not_reversible() {
        for unit in ["a", "😀", "X", "/"] {
            let (one, two) = (unit.repeat(4000 / unit.len()), unit.repeat(4000 / unit.len() + 1));
            let (first, second) = (segment(&one), segment(&two));
            assert!(first.len() <= MAX_SEGMENT_BYTES && second.len() <= MAX_SEGMENT_BYTES);
            assert_ne!(first, second);
            assert_eq!(id_of(&first), None);
        }
    }

    #[test]
    fn names_that_logcore_never_makes_have_no_id() {
        for name in ["", ".", "..", "Job", "%", "%4", "%zz", "%61", "a b", "%2E", "x%~00"] {
            assert_eq!(id_of(name), None, "{name:?}");
        }
    }

    proptest! {
        #[test]
        fn every_id_comes_back_from_its_segment(id in any::<String>()) {
            let name = segment(&id);
            prop_assert!(name.len() <= MAX_SEGMENT_BYTES);
            prop_assert_eq!(name.to_lowercase(), name.clone());
            if !id.is_empty() && !name.contains(HASH_MARK) {
                prop_assert_eq!(id_of(&name), Some(id));
            }
        }

        #[test]
        fn ids_that_differ_never_share_a_segment(a in "[a-zA-Z%~./]{1,4}", b in "[a-zA-Z%~./]{1,4}") {
            prop_assert_eq!(a == b, segment(&a).eq_ignore_ascii_case(&segment(&b)));
        }
    }
}
