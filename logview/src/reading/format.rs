//! How the lines of one file are read: exactly by the pattern that `job.json` names for it, else by detection.
//!
//! A pattern is log4rs's `text {name(argument):width} text`, as the template has it, placeholders included. It becomes
//! a row of tokens that are matched from left to right; a field of free text ends where the next token begins. A line
//! that does not match was written by another pattern, before the template was edited, and is detected. What cannot be
//! read back (an unknown formatter, a group that is cut to a width) makes the whole pattern unknown: detection again.
//!
//! Where no line is a logger's and most have no head at all, as in what a compiler prints, each line stands for itself but
//! for those that are indented: else an `error:` among them would be a record of all that comes after it.

use super::head::{self, Form, Head, LOOK, Times, time_len, trimmed};
use crate::source::Bytes;
use log::Level;
use memchr::memmem;
use std::io;
use std::ops::Range;
use std::sync::{Arc, LazyLock};

#[cfg(test)]
mod tests;

/// How the lines of a file are read; the default is detection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Format {
    patterns: Option<Arc<Patterns>>,
    plain: bool,
}

/// Those of one file, or of all files that are shown as one.
#[derive(Debug, PartialEq, Eq)]
struct Patterns {
    any: Vec<Pattern>,
    /// All begin as the shipped one does, for which counting has a short cut.
    shipped: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Pattern {
    tokens: Vec<Token>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Literal(Vec<u8>),
    /// The level's name, or its first letters.
    Level(usize),
    /// The time in log4rs's default format.
    Time,
    /// The time in another format, which is free text for us.
    OwnTime,
    Target,
    Module,
    /// Whatever else, and what it is called.
    Text(String),
    Message,
    /// Any number of one byte.
    Pad(u8),
    /// A colour, or none.
    Colour,
}

/// Bytes at the start of a file that tell what it is like, and lines.
pub const SAMPLE: u64 = 16 << 10;
const SAMPLED: usize = 200;

/// Places that are tried in one line before it counts as one that does not match.
const TRIES: usize = 4096;

impl Format {
    /// Of a pattern in the file of the job `id`.
    pub fn of(pattern: &str, id: &str) -> Format {
        let mut parser = Parser { rest: pattern, id, tokens: Vec::new() };
        let whole = parser.tokens(false).is_some();
        let tokens = parser.tokens;
        if !whole || !tokens.contains(&Token::Message) {
            return Format::default();
        }
        let literal = |token: &Token, text: &[u8]| matches!(token, Token::Literal(have) if have == text);
        let shipped = matches!(&tokens[..], [a, Token::Level(9), b, Token::Time, ..] if literal(a, b"[") && literal(b, b"] ["));
        let patterns = Some(Arc::new(Patterns { any: vec![Pattern { tokens }], shipped }));
        Format { patterns, plain: false }
    }

    /// Of lines of which each is read in one of these ways.
    pub fn any<'f>(formats: impl IntoIterator<Item = &'f Format>) -> Format {
        let (mut any, mut shipped) = (Vec::new(), true);
        let formats: Vec<&Format> = formats.into_iter().collect();
        let plain = !formats.is_empty() && formats.iter().all(|format| format.plain);
        for patterns in formats.iter().filter_map(|format| format.patterns.as_ref()) {
            shipped &= patterns.shipped;
            for pattern in &patterns.any {
                if !any.contains(pattern) {
                    any.push(pattern.clone());
                }
            }
        }
        let patterns = (!any.is_empty()).then(|| Arc::new(Patterns { any, shipped }));
        Format { patterns, plain }
    }

    /// The same, or that each line stands for itself, if these bytes of a file are like that and there is no pattern.
    #[must_use]
    fn for_text(self, sample: &[u8]) -> Format {
        let sample = sample.strip_prefix(b"\xef\xbb\xbf").unwrap_or(sample);
        let lines = sample.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).take(SAMPLED);
        let (mut heads, mut all, mut logged) = (0, 0, false);
        for line in lines {
            all += 1;
            let Some(head) = head::head(line) else { continue };
            heads += 1;
            // `error: …` is what any program may say; more than that, as `[ERROR]` or `ERROR:app.db:`, is a logger's.
            let word = line[..head.message.min(line.len())].trim_ascii_end();
            let is_word =
                word.strip_suffix(b":").is_some_and(|word| word.iter().all(u8::is_ascii_alphabetic));
            logged |= head.time.is_some() || head.target.is_some() || head.form != Form::Text || !is_word;
        }
        Format { plain: self.patterns.is_none() && all > 1 && !logged && heads * 2 < all, ..self }
    }

    /// The same by what stands at the start of a row of bytes.
    ///
    /// # Errors
    /// What the file system says.
    pub fn for_bytes(self, bytes: &dyn Bytes, len: u64) -> io::Result<Format> {
        if self.patterns.is_some() {
            // It says how the lines are.
            return Ok(self);
        }
        let mut sample = vec![0; SAMPLE.min(len) as usize];
        let got = bytes.read_at(&mut sample, 0)?;
        Ok(self.for_text(&sample[..got]))
    }

    /// The head of a line that stands for itself.
    fn plain(line: &[u8]) -> Option<Head> {
        let level = head::level_of(line).flatten();
        let starts = level.is_some() || line.first().is_some_and(|first| !first.is_ascii_whitespace());
        starts.then(|| Head { level, plain: true, ..Head::default() })
    }

    /// The head of a record, or `None` if the line starts none.
    pub fn head(&self, line: &[u8]) -> Option<Head> {
        if self.plain {
            return Format::plain(line);
        }
        let Some(patterns) = &self.patterns else { return head::head(line) };
        if line.first().is_none_or(|first| *first == b'\t') {
            return None;
        }
        let start = &line[..line.len().min(LOOK)];
        patterns.any.iter().find_map(|pattern| pattern.head(start)).or_else(|| head::head(line))
    }

    /// What else stands before the message, by name: process, thread, line and so on, as far as the pattern says it, or as
    /// far as a line of which no pattern is known is as the shipped one has it.
    pub fn named(&self, line: &[u8]) -> Vec<(String, Range<usize>)> {
        static SHIPPED: LazyLock<Format> =
            LazyLock::new(|| Format::of("[{l}] [{d}] [${job_id}] [{P}:{I}] - [{M}] [line:{L}]: {m}{n}", ""));
        let patterns = self.patterns.as_ref().or(SHIPPED.patterns.as_ref());
        let start = &line[..line.len().min(LOOK)];
        patterns
            .and_then(|patterns| patterns.any.iter().find_map(|pattern| pattern.named(start)))
            .unwrap_or_default()
    }

    /// The level alone.
    pub fn level_of(&self, line: &[u8]) -> Option<Option<Level>> {
        match &self.patterns {
            _ if self.plain => Format::plain(line).map(|head| head.level),
            Some(patterns) if !patterns.shipped => self.head(line).map(|head| head.level),
            _ => head::level_of(line),
        }
    }

    /// The level and time (seconds since the epoch) of a line that starts a record.
    pub fn level_and_time(&self, line: &[u8], last: &mut Times) -> Option<(Option<Level>, Option<i64>)> {
        match &self.patterns {
            _ if self.plain => Format::plain(line).map(|head| (head.level, None)),
            Some(patterns) if !patterns.shipped => {
                let head = self.head(line)?;
                Some((head.level, head.time.and_then(|range| head::seconds(&line[range]))))
            }
            _ => head::level_and_time(line, last),
        }
    }
}

impl Pattern {
    fn head(&self, line: &[u8]) -> Option<Head> {
        let mut head = Head::default();
        let mut module = None;
        let matched = self.matches(line, &mut head, &mut module, None);
        head.target = head.target.or(module);
        matched.then_some(head)
    }

    fn named(&self, line: &[u8]) -> Option<Vec<(String, Range<usize>)>> {
        let mut named = Vec::new();
        let matched = self.matches(line, &mut Head::default(), &mut None, Some(&mut named));
        named.reverse();
        matched.then_some(named)
    }

    fn matches<'a>(
        &'a self,
        line: &'a [u8],
        head: &'a mut Head,
        module: &'a mut Option<Range<usize>>,
        named: Option<&'a mut Vec<(String, Range<usize>)>>,
    ) -> bool {
        let cut = line.len() == LOOK;
        Run { line, cut, head, module, named, tries: TRIES }.matches(&self.tokens, 0)
    }
}

/// One line while it is matched.
struct Run<'a> {
    line: &'a [u8],
    /// The line goes on beyond what is looked at.
    cut: bool,
    head: &'a mut Head,
    module: &'a mut Option<Range<usize>>,
    /// What has a name; of a row of fields that match the last one comes first.
    named: Option<&'a mut Vec<(String, Range<usize>)>>,
    tries: usize,
}

impl Run<'_> {
    fn matches(&mut self, tokens: &[Token], at: usize) -> bool {
        let Some((token, next)) = tokens.split_first() else { return at == self.line.len() || self.cut };
        if self.tries == 0 {
            return false;
        }
        self.tries -= 1;
        let rest = &self.line[at..];
        match token {
            Token::Literal(text) => rest.starts_with(text) && self.matches(next, at + text.len()),
            Token::Level(most) => level(rest, *most).is_some_and(|(level, len)| {
                self.head.level = Some(level);
                self.matches(next, at + len)
            }),
            Token::Time => time_len(rest).is_some_and(|len| {
                self.head.time = Some(at..at + len);
                self.matches(next, at + len)
            }),
            Token::Pad(fill) => {
                let len = rest.iter().take_while(|byte| **byte == *fill).count();
                (0..=len).rev().any(|len| self.matches(next, at + len))
            }
            Token::Colour => {
                let len = if rest.starts_with(b"\x1b[") {
                    memchr::memchr(b'm', rest).map_or(0, |m| m + 1)
                } else {
                    0
                };
                self.matches(next, at + len)
            }
            Token::Message => {
                // Of what follows it a message of several lines has nothing on its first one.
                let telling = |token: &Token| {
                    matches!(token, Token::Level(_) | Token::Time | Token::OwnTime | Token::Target)
                };
                if next.iter().any(telling) {
                    // The message may hold anything, so that what follows it is looked for from the end.
                    let _ = (at..=self.line.len()).rev().any(|end| self.matches(next, end));
                }
                self.head.message = at;
                true
            }
            Token::OwnTime | Token::Target | Token::Module | Token::Text(_) => {
                let Some(end) = self.free(next, at) else { return false };
                let range = trimmed(self.line, at..end);
                match token {
                    Token::OwnTime => self.head.time = Some(range),
                    Token::Target => self.head.target = Some(range),
                    Token::Module => *self.module = Some(range),
                    Token::Text(name) => {
                        self.named.iter_mut().for_each(|named| named.push((name.clone(), range.clone())));
                    }
                    _ => {}
                }
                true
            }
        }
    }

    /// Where free text that starts at `at` ends: the first place from which the rest matches.
    fn free(&mut self, next: &[Token], at: usize) -> Option<usize> {
        if next.is_empty() {
            return Some(self.line.len());
        }
        let mut end = at;
        while end <= self.line.len() && self.tries > 0 {
            if let Token::Literal(text) = &next[0] {
                end += memmem::find(&self.line[end..], text)?;
            }
            if self.matches(next, end) {
                return Some(end);
            }
            end += 1;
        }
        None
    }
}

fn level(text: &[u8], most: usize) -> Option<(Level, usize)> {
    Level::iter().find_map(|level| {
        let name = &level.as_str().as_bytes()[..level.as_str().len().min(most)];
        text.starts_with(name).then_some((level, name.len()))
    })
}

struct Parser<'p> {
    rest: &'p str,
    id: &'p str,
    tokens: Vec<Token>,
}

impl Parser<'_> {
    /// Tokens up to a `)` or the end; `None` if this is nothing that can be read back.
    fn tokens(&mut self, inside: bool) -> Option<()> {
        while let Some(c) = self.next() {
            match c {
                '\\' => {
                    let c = self.next()?;
                    self.literal(&c.to_string());
                }
                ')' if inside => return Some(()),
                '$' if self.rest.starts_with("${") => {
                    self.next();
                    self.literal("$"); // what comes is log4rs's
                }
                '$' if self.rest.starts_with('{') => self.hole()?,
                '{' | '}' | '(' | ')' if self.rest.starts_with(c) => {
                    self.next();
                    self.literal(&c.to_string());
                }
                '{' => self.formatter()?,
                '}' | '(' | ')' => return None,
                c => self.literal(&c.to_string()),
            }
        }
        (!inside).then_some(())
    }

    fn next(&mut self) -> Option<char> {
        let c = self.rest.chars().next()?;
        self.rest = &self.rest[c.len_utf8()..];
        Some(c)
    }

    fn eat(&mut self, text: &str) -> bool {
        let rest = self.rest.strip_prefix(text);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn literal(&mut self, text: &str) {
        match self.tokens.last_mut() {
            Some(Token::Literal(last)) => last.extend_from_slice(text.as_bytes()),
            _ => self.tokens.push(Token::Literal(text.into())),
        }
    }

    /// A placeholder. Its value is known for the id alone, and only where it is written as it is.
    fn hole(&mut self) -> Option<()> {
        let end = self.rest.find('}')?;
        let name = &self.rest[1..end];
        self.rest = &self.rest[end + 1..];
        let id = self.id;
        if name == "job_id"
            && !id.is_empty()
            && id.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ')
        {
            self.literal(id);
        } else {
            let name = name.split(":-").next().unwrap_or(name);
            let name = name.strip_prefix("label:").or(name.strip_prefix("env:")).unwrap_or(name);
            self.tokens.push(Token::Text(name.to_owned()));
        }
        Some(())
    }

    /// What follows a `{`.
    fn formatter(&mut self) -> Option<()> {
        let len = self.rest.find(|c: char| !c.is_alphanumeric())?;
        let name = &self.rest[..len];
        self.rest = &self.rest[len..];
        let token = match name {
            "d" | "date" => {
                let own = self.rest.starts_with('(');
                self.arguments()?;
                if own { Token::OwnTime } else { Token::Time }
            }
            "X" | "mdc" | "K" | "kv" | "key_value" => {
                self.arguments()?;
                Token::Text(if name.starts_with(['X', 'm']) { "mdc" } else { "kv" }.to_owned())
            }
            "l" | "level" => Token::Level(9),
            "t" | "target" => Token::Target,
            "M" | "module" => Token::Module,
            "m" | "message" => Token::Message,
            "n" => return self.end_of_line(),
            "f" | "file" => Token::Text("file".to_owned()),
            "L" | "line" => Token::Text("line".to_owned()),
            "P" | "pid" => Token::Text("pid".to_owned()),
            "i" | "tid" | "I" | "thread_id" => Token::Text("thread id".to_owned()),
            "T" | "thread" => Token::Text("thread".to_owned()),
            "" | "h" | "highlight" => return self.group(name),
            _ => return None,
        };
        let (fill, most, sized) = self.width()?;
        match token {
            Token::Level(_) if sized => {
                self.tokens.extend([Token::Pad(fill), Token::Level(most.min(9)), Token::Pad(fill)]);
            }
            Token::Time if sized => self.tokens.push(Token::OwnTime),
            other => self.tokens.push(other),
        }
        self.eat("}").then_some(())
    }

    /// The end of the line is the end of what is matched; only a `{n}` in the middle cannot be read.
    fn end_of_line(&mut self) -> Option<()> {
        (self.eat("}") && self.rest.is_empty()).then_some(())
    }

    fn group(&mut self, name: &str) -> Option<()> {
        let colour = !name.is_empty();
        self.eat("(").then_some(())?;
        self.tokens.extend(colour.then_some(Token::Colour));
        self.tokens(true)?;
        self.tokens.extend(colour.then_some(Token::Colour));
        let (fill, most, sized) = self.width()?;
        if sized {
            // A group that is filled up on its left would need its width measured.
            (most == usize::MAX).then_some(())?;
            self.tokens.push(Token::Pad(fill));
        }
        self.eat("}").then_some(())
    }

    /// Arguments, whose content tells nothing here.
    fn arguments(&mut self) -> Option<()> {
        while self.rest.starts_with('(') {
            let mut depth = 0usize;
            let end = self.rest.char_indices().find_map(|(at, c)| {
                depth = depth + usize::from(c == '(') - usize::from(c == ')');
                (depth == 0).then_some(at + 1)
            })?;
            self.rest = &self.rest[end..];
        }
        Some(())
    }

    /// The fill, the most bytes, and whether there is any width at all.
    fn width(&mut self) -> Option<(u8, usize, bool)> {
        if !self.eat(":") {
            return Some((b' ', usize::MAX, false));
        }
        let mut fill = b' ';
        let bytes = self.rest.as_bytes();
        if let [first, b'<' | b'>', ..] = bytes {
            fill = *first;
            self.rest = self.rest.get(1..)?;
        }
        let spec = self.rest.find('}').map(|end| &self.rest[..end])?;
        self.rest = &self.rest[spec.len()..];
        let spec = spec.trim_start_matches(['<', '>']).trim_start_matches('-');
        let (least, most) = spec.split_once('.').unwrap_or((spec, ""));
        let number = |text: &str| text.is_empty() || text.bytes().all(|byte| byte.is_ascii_digit());
        (number(least) && number(most)).then_some(())?;
        Some((fill, most.parse().unwrap_or(usize::MAX), true))
    }
}
