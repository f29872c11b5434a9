//! Finding by some of the letters, best first, as people know it from fzf: several words in any order, `^` and `$` for the
//! ends, `'` for letters that stand together, `!` for what must not be there.

use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

/// What is looked for.
pub(crate) struct Fuzzy {
    pattern: Pattern,
    matcher: Matcher,
    letters: Vec<char>,
}

impl Fuzzy {
    /// Upper-case letters are meant if there are any.
    pub(crate) fn new(text: &str) -> Fuzzy {
        Fuzzy {
            pattern: Pattern::parse(text, CaseMatching::Smart, Normalization::Smart),
            matcher: Matcher::new(Config::DEFAULT),
            letters: Vec::new(),
        }
    }

    /// How well it fits, if it does; everything fits nothing.
    pub(crate) fn score(&mut self, text: &str) -> Option<u32> {
        let text = Utf32Str::new(text, &mut self.letters);
        self.pattern.score(text, &mut self.matcher)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_in_order_fit_and_those_that_begin_words_fit_best() {
        let score = |text: &str, filter: &str| Fuzzy::new(filter).score(text);
        assert!(score("import-0817-0042", "imp42").is_some() && score("x", "").is_some());
        assert!(score("Import", "imp").is_some() && score("import", "IMP").is_none());
        assert!(score("import-0817", "pmi").is_none() && score("import-0817", "0817 imp").is_some());
        assert!(score("import", "!port").is_none() && score("import", "^port").is_none());
        assert!(score("next-error", "ne") > score("older-file-none", "ne"));
    }
}
