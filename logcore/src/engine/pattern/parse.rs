//! The pattern language: `text {name(argument):fill align -min.max} text`. The grammar is log4rs's; see
//! <https://docs.rs/log4rs/latest/log4rs/encode/pattern/>.

use super::{Chunk, Pattern, Width};
use crate::engine::moment::TimeFormat;
use crate::template::{Hole, Part, Text};
use std::iter::Peekable;
use std::ops::Range;
use std::str::CharIndices;

/// What is wrong with a pattern.
#[derive(Debug, PartialEq)]
pub(crate) struct PatternError {
    /// The part of the pattern to point at.
    pub(crate) culprit: String,
    /// What stands before it.
    pub(crate) before: String,
    pub(crate) message: String,
    pub(crate) help: &'static str,
}

const FORMATTERS: &str = "formatters are d f h D R l L m M P i n t T I X K, each also by its long name, \
                          and ({…}) for a group; write {{ or \\{ for a brace";
const ESCAPES: &str = "double it or put a backslash before it to have it as text";

/// Holes ride through the parser as characters of a private plane that no pattern may use itself.
const FIRST_HOLE: u32 = 0x10_0000;
const LAST_HOLE: u32 = 0x10_FFFD;

impl Pattern {
    /// Parses `text`; a value in it is literal text, whatever it holds.
    pub(crate) fn parse(text: &Text, source: &str) -> Result<Pattern, PatternError> {
        let mut flat = String::new();
        let mut holes = Vec::new();
        for part in &text.0 {
            match part {
                Part::Literal(literal) => flat.push_str(literal),
                Part::Value(value) => push_escaped(&mut flat, value),
                Part::Hole(hole) => {
                    flat.extend(char::from_u32(FIRST_HOLE + holes.len() as u32));
                    holes.push(hole.clone());
                }
            }
        }
        if text.0.iter().any(|part| matches!(part, Part::Literal(t) | Part::Value(t) if t.contains(is_hole)))
        {
            return Err(PatternError {
                culprit: String::new(),
                before: String::new(),
                message: "characters of the private plane 16 cannot stand in a pattern".into(),
                help: "remove them",
            });
        }
        let mut parser = Parser { pattern: &flat, chars: flat.char_indices().peekable(), holes: &holes };
        let chunks = parser.chunks(None)?;
        Ok(Pattern::new(chunks, source))
    }
}

fn is_hole(c: char) -> bool {
    (FIRST_HOLE..=LAST_HOLE).contains(&u32::from(c))
}

fn push_escaped(out: &mut String, value: &str) {
    for c in value.chars() {
        if matches!(c, '{' | '}' | '(' | ')' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
}

struct Parser<'p> {
    pattern: &'p str,
    chars: Peekable<CharIndices<'p>>,
    holes: &'p [Hole],
}

impl<'p> Parser<'p> {
    /// Chunks up to `until`, which is consumed, or up to the end.
    fn chunks(&mut self, until: Option<(char, usize)>) -> Result<Vec<Chunk>, PatternError> {
        let mut chunks = Vec::new();
        let mut text = String::new();
        loop {
            let Some((at, c)) = self.chars.next() else {
                return match until {
                    Some((_, from)) => {
                        Err(self.error(from..self.pattern.len(), "unclosed `(`", "close it with `)`"))
                    }
                    None => {
                        push_text(&mut chunks, &mut text);
                        Ok(chunks)
                    }
                };
            };
            match c {
                '\\' => match self.chars.next_if(|(_, c)| matches!(c, '{' | '}' | '(' | ')' | '\\')) {
                    Some((_, c)) => text.push(c),
                    None => return Err(self.error(at..at + 1, "a backslash that escapes nothing", ESCAPES)),
                },
                // `))` inside an argument closes twice, as in log4rs.
                ')' if until.is_some() => {
                    push_text(&mut chunks, &mut text);
                    return Ok(chunks);
                }
                '{' | '(' | '}' | ')' if self.consume(c) => text.push(c),
                '{' => {
                    push_text(&mut chunks, &mut text);
                    chunks.push(self.formatter(at)?);
                }
                '}' | '(' | ')' => {
                    return Err(self.error(at..self.pattern.len(), format!("unmatched `{c}`"), ESCAPES));
                }
                c if is_hole(c) => {
                    push_text(&mut chunks, &mut text);
                    let index = (u32::from(c) - FIRST_HOLE) as usize;
                    chunks.push(Chunk::Hole(self.holes[index].clone()));
                }
                c => text.push(c),
            }
        }
    }

    /// What follows a `{`.
    fn formatter(&mut self, start: usize) -> Result<Chunk, PatternError> {
        let name = self.name();
        let mut arguments = Vec::new();
        while let Some((at, _)) = self.chars.next_if(|(_, c)| *c == '(') {
            arguments.push(self.chunks(Some((')', at)))?);
        }
        let width = self.width()?;
        let Some((end, _)) = self.chars.next_if(|(_, c)| *c == '}') else {
            return Err(self.error(start..self.pattern.len(), "a `{` without its `}`", FORMATTERS));
        };
        let chunk =
            build(name, arguments).map_err(|(message, help)| self.error(start..end + 1, message, help))?;
        Ok(if width.is_free() { chunk } else { Chunk::Sized(Box::new(chunk), width) })
    }

    fn name(&mut self) -> &'p str {
        let start = self.position();
        if self.chars.next_if(|(_, c)| c.is_alphabetic()).is_some() {
            while self.chars.next_if(|(_, c)| c.is_alphanumeric()).is_some() {}
        }
        &self.pattern[start..self.position()]
    }

    fn width(&mut self) -> Result<Width, PatternError> {
        let mut width = Width { fill: ' ', align_right: false, cut_left: false, min: None, max: None };
        if !self.consume(':') {
            return Ok(width);
        }
        let mut ahead = self.chars.clone();
        if let (Some((_, fill)), Some((_, '<' | '>'))) = (ahead.next(), ahead.next()) {
            self.chars.next();
            width.fill = fill;
        }
        if !self.consume('<') {
            width.align_right = self.consume('>');
        }
        width.cut_left = self.consume('-');
        width.min = self.integer()?;
        if self.consume('.') {
            width.max = self.integer()?;
        }
        Ok(width)
    }

    fn integer(&mut self) -> Result<Option<usize>, PatternError> {
        const LARGEST: usize = 10_000;
        let start = self.position();
        while self.chars.next_if(|(_, c)| c.is_ascii_digit()).is_some() {}
        let digits = &self.pattern[start..self.position()];
        match digits.parse::<usize>() {
            Ok(number) if number <= LARGEST => Ok(Some(number)),
            Err(_) if digits.is_empty() => Ok(None),
            _ => Err(self.error(start..start + digits.len(), "a width above 10,000", "give a smaller one")),
        }
    }

    fn error(&self, at: Range<usize>, message: impl Into<String>, help: &'static str) -> PatternError {
        let culprit = self.pattern[at.clone()].split(is_hole).next().unwrap_or_default().to_owned();
        let before = self.pattern[..at.start].to_owned();
        PatternError { culprit, before, message: message.into(), help }
    }

    fn consume(&mut self, wanted: char) -> bool {
        self.chars.next_if(|(_, c)| *c == wanted).is_some()
    }

    fn position(&mut self) -> usize {
        self.chars.peek().map_or(self.pattern.len(), |(at, _)| *at)
    }
}

fn push_text(chunks: &mut Vec<Chunk>, text: &mut String) {
    if !text.is_empty() {
        chunks.push(Chunk::Text(std::mem::take(text)));
    }
}

fn build(name: &str, mut arguments: Vec<Vec<Chunk>>) -> Result<Chunk, (String, &'static str)> {
    let plain = |chunk: Chunk| {
        if arguments.is_empty() {
            Ok(chunk)
        } else {
            Err((format!("`{name}` takes no argument"), FORMATTERS))
        }
    };
    match name {
        "l" | "level" => plain(Chunk::Level),
        "m" | "message" => plain(Chunk::Message),
        "M" | "module" => plain(Chunk::Module),
        "n" => plain(Chunk::Newline),
        "f" | "file" => plain(Chunk::File),
        "L" | "line" => plain(Chunk::Line),
        "T" | "thread" => plain(Chunk::Thread),
        "I" | "thread_id" => plain(Chunk::ThreadId),
        "P" | "pid" => plain(Chunk::ProcessId),
        "i" | "tid" => plain(Chunk::SystemThreadId),
        "t" | "target" => plain(Chunk::Target),
        "d" | "date" => time(&arguments),
        "X" | "mdc" => key_and_default(name, &arguments).map(|(key, default)| Chunk::Mdc { key, default }),
        "K" | "key_value" => {
            key_and_default(name, &arguments).map(|(key, default)| Chunk::KeyValue { key, default })
        }
        "" | "h" | "highlight" | "D" | "debug" | "R" | "release" => {
            let (Some(chunks), true) = (arguments.pop(), arguments.is_empty()) else {
                let what = if name.is_empty() { "a group" } else { name };
                return Err((format!("`{what}` takes one argument in brackets"), "as in {h({l})}"));
            };
            Ok(match name {
                "" => Chunk::Group(chunks),
                "h" | "highlight" => Chunk::Highlight(chunks),
                "D" | "debug" if cfg!(debug_assertions) => Chunk::Group(chunks),
                "R" | "release" if !cfg!(debug_assertions) => Chunk::Group(chunks),
                _ => Chunk::Group(Vec::new()),
            })
        }
        other => Err((format!("unknown formatter `{other}`"), FORMATTERS)),
    }
}

fn time(arguments: &[Vec<Chunk>]) -> Result<Chunk, (String, &'static str)> {
    const HELP: &str = "as in {d(%Y-%m-%d %H:%M:%S%.3f)(utc)}; see \
                        https://docs.rs/chrono/latest/chrono/format/strftime";
    if arguments.len() > 2 {
        return Err(("a date takes a format and a time zone, no more".into(), HELP));
    }
    let format = match arguments.first() {
        Some(chunks) => literal(chunks).ok_or_else(|| ("a date format is plain text".to_owned(), HELP))?,
        None => "%+".to_owned(),
    };
    let utc = match arguments.get(1).map(|chunks| literal(chunks)) {
        None => false,
        Some(Some(zone)) if zone == "utc" => true,
        Some(Some(zone)) if zone == "local" => false,
        Some(_) => return Err(("a time zone is `utc` or `local`".into(), HELP)),
    };
    TimeFormat::new(&format, utc).map(Chunk::Time).map_err(|message| (message, HELP))
}

fn key_and_default(name: &str, arguments: &[Vec<Chunk>]) -> Result<(String, String), (String, &'static str)> {
    const HELP: &str = "as in {X(user)} or {X(user)(nobody)}";
    let wrong = || (format!("`{name}` takes a key and perhaps a default, as plain text"), HELP);
    match arguments {
        [key] => Ok((literal(key).filter(|k| !k.is_empty()).ok_or_else(wrong)?, String::new())),
        [key, default] => {
            let key = literal(key).filter(|k| !k.is_empty()).ok_or_else(wrong)?;
            Ok((key, literal(default).ok_or_else(wrong)?))
        }
        _ => Err(wrong()),
    }
}

/// The text of an argument that holds no formatter.
fn literal(chunks: &[Chunk]) -> Option<String> {
    match chunks {
        [] => Some(String::new()),
        [Chunk::Text(text)] => Some(text.clone()),
        _ => None,
    }
}
