//! What is searched for: a pattern over bytes, and which way to look. Where it matches in a file says [`Hits`](super::Hits).

use super::rare::{Rare, Scan};
use memchr::{memchr, memrchr};
use regex::bytes::{Regex, RegexBuilder};
use std::ops::Range;

/// How what was typed is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct How {
    /// As a regular expression, or else letter by letter.
    pub regex: bool,
    /// Lower case alone means either case; or else every letter means itself.
    pub smart_case: bool,
    /// Only where it is no part of a longer word.
    pub word: bool,
}

impl Default for How {
    fn default() -> How {
        How { regex: true, smart_case: true, word: false }
    }
}

/// Why a text is no pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// Which bytes of it.
    pub at: Range<usize>,
    /// What is wrong with them, in a few words.
    pub why: String,
}

/// A regular expression over bytes, or a text.
#[derive(Clone, Debug)]
pub struct Pattern {
    text: String,
    how: How,
    regex: Regex,
    /// What is looked for first.
    rare: Option<Rare>,
    spans_lines: bool,
}

/// The same text, meant in the same way.
impl PartialEq for Pattern {
    fn eq(&self, other: &Pattern) -> bool {
        (&self.text, self.how) == (&other.text, other.how)
    }
}

impl Pattern {
    /// Compiles a regular expression; lower case alone means either case.
    ///
    /// # Errors
    /// Why it is none, in one line.
    pub fn new(text: &str) -> Result<Pattern, String> {
        Pattern::with(text, How::default()).map_err(|wrong| wrong.why)
    }

    /// Compiles what was typed.
    ///
    /// # Errors
    /// Where it is wrong, and why.
    pub fn with(text: &str, how: How) -> Result<Pattern, Wrong> {
        let mut source = text.to_owned();
        let mut escapes = false;
        if how.regex {
            if let Err(error) = regex_syntax::ParserBuilder::new().utf8(false).build().parse(text) {
                return Err(Wrong::of(text, &error));
            }
            escapes = text.contains('\\');
        } else {
            source = regex::escape(text);
        }
        if how.word {
            source = format!(r"\b{{start-half}}(?:{source})\b{{end-half}}");
        }
        let upper = if escapes { has_literal_upper(text) } else { text.chars().any(char::is_uppercase) };
        let any_case = how.smart_case && !upper;
        let regex = RegexBuilder::new(&source)
            .case_insensitive(any_case)
            .multi_line(true)
            .size_limit(1 << 22)
            .build();
        match regex {
            Ok(regex) => {
                let (rare, spans_lines) = Rare::of(&source, any_case);
                Ok(Pattern { text: text.to_owned(), how, regex, rare, spans_lines })
            }
            Err(regex::Error::CompiledTooBig(_)) => {
                Err(Wrong { at: 0..text.len(), why: "it would match too much at once".to_owned() })
            }
            Err(error) => {
                let error = error.to_string();
                let last = error.lines().last().unwrap_or("not a regular expression");
                Err(Wrong { at: 0..text.len(), why: last.trim_start_matches("error: ").to_owned() })
            }
        }
    }

    /// As it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether a match may go over the end of a line.
    pub(super) fn spans_lines(&self) -> bool {
        self.spans_lines
    }

    /// How it is meant.
    pub fn how(&self) -> How {
        self.how
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

impl Wrong {
    fn of(text: &str, error: &regex_syntax::Error) -> Wrong {
        use regex_syntax::Error;
        let (span, why) = match error {
            Error::Parse(error) => (Some(error.span()), error.kind().to_string()),
            Error::Translate(error) => (Some(error.span()), error.kind().to_string()),
            _ => (None, "not a regular expression".to_owned()),
        };
        let mut at = span.map_or(0..text.len(), |span| span.start.offset..span.end.offset);
        if at.is_empty() {
            at.end += text[at.start..].chars().next().map_or(0, char::len_utf8);
        }
        Wrong { at, why }
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

    fn how(regex: bool, smart_case: bool, word: bool) -> How {
        How { regex, smart_case, word }
    }

    #[test]
    fn what_is_typed_is_meant_as_the_toggles_say() {
        let is_match =
            |text: &str, how: How, line: &str| Pattern::with(text, how).unwrap().is_match(line.as_bytes());
        assert!(is_match("a.c", how(true, true, false), "ABC"));
        assert!(
            !is_match("a.c", how(true, false, false), "ABC")
                && is_match("a.c", how(true, false, false), "abc")
        );
        assert!(
            !is_match("a.c", how(false, true, false), "abc")
                && is_match("a.c(", how(false, true, false), "A.C(")
        );
        assert!(
            !is_match(r"\W", how(false, true, false), r"\w")
                && is_match(r"\w", how(false, true, false), r"\W")
        );
        for line in ["reset", "a reset.", "reset-now"] {
            assert!(is_match("reset", how(true, true, true), line), "{line}");
        }
        for line in ["resets", "preset", "re_reset"] {
            assert!(!is_match("reset", how(true, true, true), line), "{line}");
        }
        assert!(is_match("(x)", how(false, true, true), "f (x)."));
        assert!(
            is_match("a|bc", how(true, true, true), "bc") && !is_match("a|bc", how(true, true, true), "abc")
        );
    }

    #[test]
    fn where_it_is_wrong_is_told() {
        let wrong = |text: &str| Pattern::with(text, How::default()).unwrap_err();
        assert_eq!(wrong("conn(ection"), Wrong { at: 4..5, why: "unclosed group".into() });
        assert_eq!(wrong("a[z-a]").at, 2..5);
        assert_eq!(wrong("*x").at, 0..1);
        assert_eq!(wrong(r"\p{Nothing}").why, "Unicode property not found");
        assert_eq!(wrong("(a{1000}){1000}").at, 0..15);
        assert!(Pattern::with("conn(ection", how(false, true, true)).is_ok());
    }

    proptest! {
        #[test]
        fn any_text_is_a_pattern_or_told_to_be_wrong_within_itself(text in any::<String>(), regex in any::<bool>(), word in any::<bool>()) {
            match Pattern::with(&text, how(regex, true, word)) {
                Ok(pattern) => { pattern.is_match(b"x"); }
                Err(wrong) => prop_assert!(regex && text.get(wrong.at.clone()).is_some(), "{wrong:?}"),
            }
        }

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
