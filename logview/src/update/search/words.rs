//! Words from elsewhere than the keyboard: what stands on the screen, what a line says.

use super::nearest;
use crate::model::{Completion, Model, Request, Search, Step, message};
use crate::reading::Pattern;
use crate::reading::search::How;
use crate::update::{line, log};

/// The next word on the screen that begins like the last one that was typed.
pub(super) fn complete(model: &mut Model) {
    let text = &model.search.text;
    let typed = || {
        let from = text.char_indices().rev().find(|&(_, c)| !is_of_word(c));
        let from = from.map_or(0, |(at, c)| at + c.len_utf8());
        Completion { before: text[..from].to_owned(), prefix: text[from..].to_owned(), next: 0 }
    };
    let mut completion = model.search.completion.clone().unwrap_or_else(typed);
    let words = words(model, &completion.prefix.to_lowercase());
    if let Some(word) = words.get(completion.next % words.len().max(1)) {
        completion.next += 1;
        model.search.text = format!("{}{word}", completion.before);
        model.search.completion = Some(completion);
    }
}

fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '-'
}

/// Words on the screen that begin so, each once, from the top on.
fn words(model: &Model, prefix: &str) -> Vec<String> {
    let (first, last) = log::visible(model);
    let mut words: Vec<String> = Vec::new();
    for line in model.log.page.lines.iter().filter(|line| (first..last).contains(&line.at)) {
        let said = String::from_utf8_lossy(&message(line, true)).into_owned();
        for word in said.split(|c| !is_of_word(c)).filter(|word| (3..=64).contains(&word.len())) {
            let fits = word.to_lowercase().starts_with(prefix) && word.len() > prefix.len();
            if fits && !words.iter().any(|known| known == word) {
                words.push(word.to_owned());
            }
        }
    }
    words
}

/// Searches for the word of the chosen line, or the top one, that says most: the longest that is no number.
pub(in crate::update) fn word(model: &mut Model) -> Vec<Request> {
    let line = line::current(model).map(|at| &model.log.page.lines[at]);
    let said = line.map(|line| String::from_utf8_lossy(&message(line, true)).into_owned());
    let said = said.unwrap_or_default();
    let words = said.split(|c: char| !(c.is_alphanumeric() || c == '_'));
    let longest =
        words.filter(|word| word.chars().any(char::is_alphabetic)).rev().max_by_key(|word| word.len());
    let how = How { regex: false, word: true, ..How::default() };
    let pattern = longest.and_then(|word| Some((word.to_owned(), Pattern::with(word, how).ok()?)));
    let Some((text, pattern)) = pattern else {
        model.note = Some("there is no word in this line".to_owned());
        return Vec::new();
    };
    model.search.keep(text.clone());
    let (tag, near) = (model.log.tag, model.log.top);
    model.log.search = Some(Search::new(text, pattern.clone()));
    model.log.refold();
    let mut requests = vec![Request::Count { tag, pattern: Some(pattern), near }];
    requests.extend(log::step(model, Step::Hit(nearest(model))));
    requests
}
