//! What stands out in a message: numbers, quoted text, paths, links, addresses, ids, and the names of fields.
//!
//! It looks at raw bytes and says which ranges are what; how they look is the theme's. One expression does it all in
//! one pass, and only for what can be on the screen.

use regex::bytes::Regex;
use std::ops::Range;
use std::sync::LazyLock;

/// What a part of a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tint {
    /// A number with its unit, or a date or time.
    Number,
    /// Text in quotes.
    Quoted,
    /// The name of a field: `size=`, `"size":`.
    Key,
    /// `true`, `null` and their like.
    Word,
    /// A path in a file system.
    Path,
    /// A link.
    Link,
    /// An address of a machine.
    Address,
    /// A UUID or another long hexadecimal number.
    Id,
}

/// The kinds by the groups of the expression; of those that begin in the same place the first one counts.
const GROUPS: [(Tint, &str); 10] = [
    (Tint::Link, r#"[a-z][a-z0-9+.-]{1,15}://[^\s"'<>\])}]+"#),
    (Tint::Key, r#""(?:[^"\\]|\\.){1,80}"\s?:"#),
    (Tint::Quoted, r#""(?:[^"\\]|\\.)*"|'[^'\s][^']{0,200}'|`[^`]{1,200}`"#),
    (Tint::Id, r"\b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b|\b0x[0-9a-fA-F]+\b"),
    (
        Tint::Address,
        r"\b\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5}|/\d{1,2})?\b|\b(?:fe80|f[cd][0-9a-f]{2}|[23][0-9a-f]{3})(?::[0-9a-f]{0,4}){2,7}\b",
    ),
    (Tint::Key, r"\b[A-Za-z_][\w.-]{0,40}="),
    (
        Tint::Path,
        r"(?:~|\.{1,2})?(?:/[\w.@%+~-]+){2,}/?|(?:~|\.{1,2})/[\w.@%+~-]+|\b[A-Z]:\\[\w.\\@%+~-]+|\b[A-Za-z_][\w-]*(?:/[\w.@%+~-]+){2,}/?|\b[\w-]+(?:/[\w.@%+~-]+)*/[\w@%+~-]+\.[a-z]\w{0,5}\b",
    ),
    (Tint::Word, r"\b(?:true|false|null|None|nil|NaN|True|False)\b"),
    (
        Tint::Number,
        r"\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?\b|\b\d\d:\d\d(?::\d\d(?:\.\d+)?)?\b",
    ),
    (
        Tint::Number,
        r"[+-]?\b\d[\d_]*(?:,\d{3})*(?:\.\d+)*(?:[eE][+-]?\d+)?(?:\s?[kKMGTPE]i?B(?:/s)?|\s?(?:[mnu]|\xC2\xB5|\xCE\xBC)s|B|s|min|[hdx])?\b%?",
    ),
];

static EXPRESSION: LazyLock<Regex> = LazyLock::new(|| {
    let groups: Vec<String> = GROUPS.iter().map(|(_, group)| format!("({group})")).collect();
    Regex::new(&format!("(?-u){}", groups.join("|"))).expect("the expression is a constant")
});

/// The parts that stand out, from left to right, at most `most`.
pub(crate) fn tints(message: &[u8], most: usize) -> Vec<(Range<usize>, Tint)> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(captures) = EXPRESSION.captures_at(message, at).filter(|_| found.len() < most) {
        let group = (1..=GROUPS.len()).find_map(|group| Some((group, captures.get(group)?.range())));
        let Some((group, range)) = group else { break };
        let tint = GROUPS[group - 1].0;
        if is_part_of_a_name(message, &range, tint) {
            at = range.start + 1;
            continue;
        }
        at = range.end;
        found.push((range, tint));
    }
    found
}

/// Whether the quote is an apostrophe, or the digits belong to a word such as `batch-7` or `v1.2`.
fn is_part_of_a_name(message: &[u8], range: &Range<usize>, tint: Tint) -> bool {
    let before = |back: usize| range.start.checked_sub(back).map(|at| message[at]);
    let letter = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    match tint {
        Tint::Quoted => {
            message[range.start] == b'\'' && before(1).is_some_and(|byte| byte.is_ascii_alphanumeric())
        }
        Tint::Number => {
            let first = message[range.start];
            let sign = matches!(first, b'-' | b'+');
            letter(before(1))
                || sign && before(1).is_some_and(|byte| byte.is_ascii_alphanumeric())
                || matches!(before(1), Some(b'-' | b'.'))
                    && before(2).is_some_and(|byte| byte.is_ascii_alphanumeric())
                || letter(message.get(range.end).copied())
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn found(message: &str) -> Vec<(&str, Tint)> {
        tints(message.as_bytes(), 100).into_iter().map(|(range, tint)| (&message[range], tint)).collect()
    }

    #[test]
    fn what_stands_out_is_found() {
        use Tint::{Address, Id, Key, Link, Number, Path, Quoted, Word};
        for (message, wanted) in [
            (
                "GET https://api.acme.io/v2?page=1 took 12 ms",
                vec![("https://api.acme.io/v2?page=1", Link), ("12 ms", Number)],
            ),
            (
                "size=512 lag=0.2s ok=true",
                vec![
                    ("size=", Key),
                    ("512", Number),
                    ("lag=", Key),
                    ("0.2s", Number),
                    ("ok=", Key),
                    ("true", Word),
                ],
            ),
            ("conn=10.0.4.17:5432 down", vec![("conn=", Key), ("10.0.4.17:5432", Address)]),
            (
                r#"row {"id":99,"sku":"AC-14"}"#,
                vec![("\"id\":", Key), ("99", Number), ("\"sku\":", Key), ("\"AC-14\"", Quoted)],
            ),
            ("open /var/log/x.log: src/main.rs", vec![("/var/log/x.log", Path), ("src/main.rs", Path)]),
            (
                "packed corpus/following/cut, and/or 16/16",
                vec![("corpus/following/cut", Path), ("16", Number), ("16", Number)],
            ),
            ("after 32.6µs or 7 µs", vec![("32.6µs", Number), ("7 µs", Number)]),
            (
                "job 6921e6c0-1f2a-4b3c-8d4e-5f60718293a4 at 0xff",
                vec![("6921e6c0-1f2a-4b3c-8d4e-5f60718293a4", Id), ("0xff", Id)],
            ),
            ("it isn't 'a b' or \"c\\\"d\"", vec![("'a b'", Quoted), ("\"c\\\"d\"", Quoted)]),
            ("utf8 sha256 x86_64 v2 and batch-7", vec![]),
            (
                "12.5 MiB, 3%, 1,204 at 2026-11-22 16:20:01",
                vec![
                    ("12.5 MiB", Number),
                    ("3%", Number),
                    ("1,204", Number),
                    ("2026-11-22 16:20:01", Number),
                ],
            ),
            ("from fe80::1ff:2 and 12:30", vec![("fe80::1ff:2", Address), ("12:30", Number)]),
        ] {
            assert_eq!(found(message), wanted, "{message}");
        }
    }

    proptest! {
        #[test]
        fn whatever_it_is_the_parts_stand_in_a_row(bytes in proptest::collection::vec(any::<u8>(), 0..200), text in "[a-z0-9=\"'{}:/. -]{0,120}") {
            for message in [&bytes[..], text.as_bytes()] {
                let mut at = 0;
                for (range, _) in tints(message, 50) {
                    prop_assert!(range.start >= at && range.end > range.start && range.end <= message.len());
                    at = range.end;
                }
            }
        }
    }
}
