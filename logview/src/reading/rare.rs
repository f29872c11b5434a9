//! A quick look before a regular expression: a run of bytes that every match holds, found by its rarest one.
//!
//! Searching without regard to case costs the regex engine several times what a plain text costs, and most of what is
//! typed is a plain text. So the expression is taken apart: what of it must stand in every match, byte for byte but for
//! the case of letters. Where nothing of that is rare enough the engine is quicker by itself.

use memchr::{memchr, memchr2};
use regex_syntax::ParserBuilder;
use regex_syntax::hir::literal::rank;
use regex_syntax::hir::{Class, Hir, HirKind};

/// One byte of so many may be a candidate, before the engine is quicker by itself.
const DENSE: usize = 16;

/// What is looked at to see which byte is rare: so many stretches of so many bytes.
const SAMPLES: usize = 4;
const SAMPLE: usize = 1024;

/// A byte, in lower case if its case does not count, and whether it does.
type Letter = (u8, bool);

/// Runs of bytes each of which every match of an expression holds.
#[derive(Clone, Debug)]
pub(super) struct Rare {
    runs: Vec<Vec<Letter>>,
}

/// One of them, to be found by its rarest byte.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scan<'r> {
    run: &'r [Letter],
    /// The place of that byte, and its two cases.
    at: usize,
    cases: [u8; 2],
}

impl Rare {
    /// Of an expression, `None` if it has no such bytes, or its matches may go over the end of a line; and whether they may.
    pub(super) fn of(pattern: &str, any_case: bool) -> (Option<Rare>, bool) {
        let mut parser = ParserBuilder::new().utf8(false).multi_line(true).case_insensitive(any_case).build();
        let Ok(hir) = parser.parse(pattern) else { return (None, true) };
        if spans_lines(&hir) {
            return (None, true);
        }
        let mut runs = vec![Vec::new()];
        collect(&hir, &mut runs);
        runs.retain(|run| !run.is_empty());
        ((!runs.is_empty()).then_some(Rare { runs }), false)
    }

    /// What is quickest to find in data like this, if anything is.
    pub(super) fn scan(&self, data: &[u8]) -> Option<Scan<'_>> {
        let mut seen = [0usize; 256];
        let mut sum = 0;
        for sample in 0..SAMPLES {
            let from = data.len() / SAMPLES * sample;
            let stretch = &data[from..data.len().min(from + SAMPLE)];
            stretch.iter().for_each(|&byte| seen[usize::from(byte)] += 1);
            sum += stretch.len();
        }
        let often = |[one, other]: [u8; 2]| {
            let count = seen[usize::from(one)] + if one == other { 0 } else { seen[usize::from(other)] };
            (count, rank(one).max(rank(other)))
        };
        let all = self.runs.iter().flat_map(|run| (0..run.len()).map(move |at| (run, at)));
        let all = all.map(|(run, at)| Scan { run, at, cases: both(run[at]) });
        all.min_by_key(|scan| (often(scan.cases), usize::MAX - scan.run.len()))
            .filter(|scan| often(scan.cases).0 * DENSE <= sum)
    }
}

impl Scan<'_> {
    /// The next place at or after `from` where the run begins.
    pub(super) fn find(&self, data: &[u8], from: usize) -> Option<usize> {
        let mut at = from + self.at;
        let [one, other] = self.cases;
        loop {
            let rest = data.get(at..)?;
            let next = if one == other { memchr(one, rest) } else { memchr2(one, other, rest) };
            let start = at + next? - self.at;
            let there = data.get(start..start + self.run.len())?;
            let same = |(&have, &(want, exact)): (&u8, &Letter)| {
                if exact { have == want } else { have.eq_ignore_ascii_case(&want) }
            };
            if there.iter().zip(self.run).all(same) {
                return Some(start);
            }
            at = start + self.at + 1;
        }
    }
}

fn both((byte, exact): Letter) -> [u8; 2] {
    if exact { [byte, byte] } else { [byte.to_ascii_lowercase(), byte.to_ascii_uppercase()] }
}

/// The runs of an expression, the last one still open.
fn collect(hir: &Hir, runs: &mut Vec<Vec<Letter>>) {
    let mut push = |byte: Letter| runs.iter_mut().next_back().into_iter().for_each(|run| run.push(byte));
    match hir.kind() {
        HirKind::Literal(literal) => literal.0.iter().for_each(|&byte| push((byte, true))),
        HirKind::Class(class) => match letter(class) {
            Some(letter) => push((letter, false)),
            None => runs.push(Vec::new()),
        },
        HirKind::Concat(parts) => parts.iter().for_each(|part| collect(part, runs)),
        HirKind::Capture(group) => collect(&group.sub, runs),
        HirKind::Empty | HirKind::Look(_) => {}
        // What is repeated stands there once at least, but what follows it does not follow at once.
        HirKind::Repetition(repetition) if repetition.min > 0 => {
            runs.push(Vec::new());
            collect(&repetition.sub, runs);
            runs.push(Vec::new());
        }
        _ => runs.push(Vec::new()),
    }
}

/// The letter that a class of its two cases stands for. (Some have a third one, beyond ASCII: they are none.)
fn letter(class: &Class) -> Option<u8> {
    let ranges: Vec<(u32, u32)> = match class {
        Class::Unicode(class) => {
            class.iter().map(|range| (range.start().into(), range.end().into())).collect()
        }
        Class::Bytes(class) => class.iter().map(|range| (range.start().into(), range.end().into())).collect(),
    };
    match ranges[..] {
        [(a, b), (c, d)] if a == b && c == d && c == a + 32 => {
            u8::try_from(c).ok().filter(u8::is_ascii_lowercase)
        }
        _ => None,
    }
}

fn spans_lines(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Literal(literal) => literal.0.contains(&b'\n'),
        HirKind::Class(Class::Unicode(class)) => {
            class.iter().any(|range| range.start() <= '\n' && '\n' <= range.end())
        }
        HirKind::Class(Class::Bytes(class)) => {
            class.iter().any(|range| range.start() <= b'\n' && b'\n' <= range.end())
        }
        HirKind::Repetition(repetition) => spans_lines(&repetition.sub),
        HirKind::Capture(group) => spans_lines(&group.sub),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => parts.iter().any(spans_lines),
        HirKind::Empty | HirKind::Look(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(pattern: &str) -> Vec<String> {
        let text = |run: &Vec<Letter>| run.iter().map(|(byte, _)| char::from(*byte)).collect();
        Rare::of(pattern, true).0.iter().flat_map(|rare| rare.runs.iter().map(text)).collect()
    }

    #[test]
    fn what_every_match_holds_is_taken_out_of_an_expression() {
        assert_eq!(runs("needle-99zz"), ["needle-99zz"]);
        assert_eq!(runs(r"(user|order)=[0-9]+ rejected-[0-9]{3}"), ["=", " rejected-"]);
        assert_eq!(runs("^(queue)+ x$"), ["queue", " x"]);
        // A long s is an s, and takes two bytes.
        assert_eq!(runs("desk-zz"), ["de", "-zz"]);
        for none in ["", "[a-z]+", "a|b", r"zz\s+yy", "zz\nyy", "(?:zz)?", r"[^x]zz"] {
            assert!(runs(none).is_empty(), "{none}");
        }
    }

    #[test]
    fn the_rarest_byte_of_the_data_is_looked_for_unless_all_are_common() {
        let rare = Rare::of("needle-77", true).0.unwrap();
        let at = |text: &[u8]| rare.scan(&text.repeat(1000)).map(|scan| scan.run[scan.at].0);
        assert_eq!(at(b"[2026-11-27] page=77 n=177 "), Some(b'd'));
        assert_eq!(at(b"needle pin and thread, "), Some(b'7'));
        assert_eq!(at(b"needle-7"), None);
    }

    #[test]
    fn it_is_found_in_either_case_unless_case_counts() {
        let text = b"..zz.Needle-99Zz..needle-99zz";
        let any = Rare::of("needle-99zz", true).0.unwrap();
        let any = any.scan(b"").unwrap();
        assert_eq!((any.find(text, 0), any.find(text, 6), any.find(text, 19)), (Some(5), Some(18), None));
        assert_eq!(Rare::of("needle-99zz", false).0.unwrap().scan(b"").unwrap().find(text, 0), Some(18));
    }
}
