//! A quick look before a regular expression: a run of bytes that every match holds, found by its rarest one.
//!
//! Searching without regard to case costs the regex engine several times what a plain text costs, and most of what is
//! typed is a plain text. So the expression is taken apart: what of it must stand in every match, byte for byte but for
//! the case of letters. Where nothing of that is rare enough the engine is quicker by itself.

use memchr::{memchr, memchr2};
use regex_syntax::ParserBuilder;
use regex_syntax::hir::literal::rank;
use regex_syntax::hir::{Class, Hir, HirKind};

/// Bytes more common than that are met too often.
const COMMON: u8 = 236;

/// Bytes that every match of an expression holds in a row.
#[derive(Clone, Debug)]
pub(super) struct Rare {
    /// In lower case, and whether the case counts.
    run: Vec<(u8, bool)>,
    /// The place of the rarest of them, and its other case.
    at: usize,
    one: u8,
    other: u8,
}

impl Rare {
    /// Of an expression; `None` if it has no such bytes, or its matches may go over the end of a line.
    pub(super) fn of(pattern: &str, any_case: bool) -> Option<Rare> {
        let hir = ParserBuilder::new()
            .utf8(false)
            .multi_line(true)
            .case_insensitive(any_case)
            .build()
            .parse(pattern)
            .ok()?;
        if spans_lines(&hir) {
            return None;
        }
        let mut runs = vec![Vec::new()];
        collect(&hir, &mut runs);
        let best = runs
            .into_iter()
            .filter_map(Rare::new)
            .min_by_key(|rare| (rare.rank(), usize::MAX - rare.run.len()));
        best.filter(|rare| rare.rank() <= COMMON)
    }

    fn new(run: Vec<(u8, bool)>) -> Option<Rare> {
        let common = |&(byte, exact): &(u8, bool)| both(byte, exact).map(rank).into_iter().max();
        let at = (0..run.len()).min_by_key(|&at| common(&run[at]))?;
        let [one, other] = both(run[at].0, run[at].1);
        Some(Rare { run, at, one, other })
    }

    fn rank(&self) -> u8 {
        rank(self.one).max(rank(self.other))
    }

    /// The next place at or after `from` where the run begins.
    pub(super) fn find(&self, data: &[u8], from: usize) -> Option<usize> {
        let mut at = from + self.at;
        loop {
            let rest = data.get(at..)?;
            let next = if self.one == self.other {
                memchr(self.one, rest)
            } else {
                memchr2(self.one, self.other, rest)
            };
            let start = at + next? - self.at;
            let there = data.get(start..start + self.run.len())?;
            let same = |(&have, &(want, exact)): (&u8, &(u8, bool))| {
                if exact { have == want } else { have.eq_ignore_ascii_case(&want) }
            };
            if there.iter().zip(&self.run).all(same) {
                return Some(start);
            }
            at = start + self.at + 1;
        }
    }
}

fn both(byte: u8, exact: bool) -> [u8; 2] {
    if exact { [byte, byte] } else { [byte.to_ascii_lowercase(), byte.to_ascii_uppercase()] }
}

/// The runs of an expression, the last one still open.
fn collect(hir: &Hir, runs: &mut Vec<Vec<(u8, bool)>>) {
    let mut push = |byte: (u8, bool)| runs.iter_mut().next_back().into_iter().for_each(|run| run.push(byte));
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

    fn run(pattern: &str) -> Option<String> {
        Rare::of(pattern, true).map(|rare| rare.run.iter().map(|(byte, _)| char::from(*byte)).collect())
    }

    #[test]
    fn the_rarest_run_of_an_expression_is_taken() {
        assert_eq!(run("needle-99zz").unwrap(), "needle-99zz");
        assert_eq!(run(r"(user|order)=[0-9]+ rejected-[0-9]{3}").unwrap(), " rejected-");
        assert_eq!(run("^(queue)+ x$").unwrap(), "queue");
        // A long s is an s, and takes two bytes.
        assert_eq!(run("desk-zz").unwrap(), "-zz");
        for none in ["", "[a-z]+", "a|b", r"zz\s+yy", "zz\nyy", "e", "(?:zz)?", r"[^x]zz"] {
            assert_eq!(run(none), None, "{none}");
        }
    }

    #[test]
    fn it_is_found_in_either_case_unless_case_counts() {
        let text = b"..zz.Needle-99Zz..needle-99zz";
        let any = Rare::of("needle-99zz", true).unwrap();
        assert_eq!((any.find(text, 0), any.find(text, 6), any.find(text, 19)), (Some(5), Some(18), None));
        assert_eq!(Rare::of("needle-99zz", false).unwrap().find(text, 0), Some(18));
    }
}
