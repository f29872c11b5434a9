//! What is searched for: a pattern over bytes, and which way to look. Where it matches in a file says [`Hits`](super::Hits).

use super::rare::{Rare, Scan};
use memchr::{memchr, memrchr};
use regex::bytes::{Regex, RegexBuilder};
use std::ops::Range;

/// A regular expression over bytes; lower case alone means either case.
#[derive(Clone, Debug)]
pub struct Pattern {
    regex: Regex,
    /// What is looked for first.
    rare: Option<Rare>,
}

impl Pattern {
    /// Compiles a pattern.
    ///
    /// # Errors
    /// Why it is none, in one line.
    pub fn new(text: &str) -> Result<Pattern, String> {
        let literal_upper = !text.contains('\\') && text.chars().any(char::is_uppercase);
        let escaped_upper = text.contains('\\') && has_literal_upper(text);
        let any_case = !literal_upper && !escaped_upper;
        let regex =
            RegexBuilder::new(text).case_insensitive(any_case).multi_line(true).size_limit(1 << 22).build();
        regex.map(|regex| Pattern { regex, rare: Rare::of(text, any_case) }).map_err(|error| {
            let text = error.to_string();
            text.lines().last().unwrap_or("not a regular expression").trim_start_matches("error: ").to_owned()
        })
    }

    /// As it was written.
    pub fn text(&self) -> &str {
        self.regex.as_str()
    }

    /// The quickest way to find it in data like this.
    pub(super) fn finder(&self, data: &[u8]) -> Finder<'_> {
        Finder { regex: &self.regex, scan: self.rare.as_ref().and_then(|rare| rare.scan(data)) }
    }

    /// Whether a line matches.
    pub fn is_match(&self, line: &[u8]) -> bool {
        self.regex.is_match(line)
    }

    /// Where it matches within a line: not empty, in order, at most `most`.
    pub fn ranges(&self, line: &[u8], most: usize) -> Vec<Range<usize>> {
        self.regex.find_iter(line).map(|hit| hit.range()).filter(|hit| !hit.is_empty()).take(most).collect()
    }
}

/// A pattern while it is looked for.
pub(super) struct Finder<'p> {
    regex: &'p Regex,
    scan: Option<Scan<'p>>,
}

impl Finder<'_> {
    /// Where the next match starts, from a place on at which a line does.
    pub(super) fn find_at(&self, data: &[u8], mut at: usize) -> Option<usize> {
        let Some(scan) = &self.scan else { return self.regex.find_at(data, at).map(|hit| hit.start()) };
        loop {
            let found = scan.find(data, at)?;
            let start = memrchr(b'\n', &data[at..found]).map_or(at, |newline| at + newline + 1);
            let end = memchr(b'\n', &data[found..]).map_or(data.len(), |newline| found + newline);
            if let Some(hit) = self.regex.find(&data[start..end]) {
                return Some(start + hit.start());
            }
            at = end + 1;
            if at >= data.len() {
                return None;
            }
        }
    }
}

/// Capitals that are not part of an escape such as `\W`.
fn has_literal_upper(text: &str) -> bool {
    let mut escaped = false;
    text.chars().any(|c| {
        let upper = c.is_uppercase() && !escaped;
        escaped = c == '\\' && !escaped;
        upper
    })
}

/// Which way to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Towards the end.
    Forward,
    /// Towards the start.
    Backward,
}

/// What a search came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// The line that starts there.
    At(u64),
    /// None that way.
    Nothing,
    /// Stopped before it was known.
    Stopped,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lower_case_means_either_and_a_capital_means_itself() {
        assert!(Pattern::new("reset").unwrap().is_match(b"RESET"));
        assert!(!Pattern::new("Reset").unwrap().is_match(b"reset"));
        assert!(Pattern::new(r"\Wreset").unwrap().is_match(b" RESET"));
        assert!(Pattern::new("(").is_err());
    }

    proptest! {
        #[test]
        fn the_quick_look_changes_nothing(
            text in "[abkszZ \n-]{0,80}", pattern in "[abksz]?(z|-z|zz|[az]z|Z)[ab]?(b+|z*|\\$)?",
        ) {
            let quick = Pattern::new(&pattern).unwrap();
            let slow = Pattern { rare: None, ..quick.clone() };
            // What the data is like that is looked at decides only how it is looked for.
            let [quick, slow] = [quick.finder(b""), slow.finder(b"")];
            prop_assert_eq!(quick.find_at(text.as_bytes(), 0), slow.find_at(text.as_bytes(), 0), "{}", pattern);
        }
    }
}
