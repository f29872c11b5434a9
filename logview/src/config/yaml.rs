//! YAML with places: every value knows the line and column where it stands, so that what is wrong with it can be shown
//! there. Anchors, tags and several documents are refused: a configuration of this size has no need of them.

use super::Refused;
use saphyr_parser::{Event, Parser, ScalarStyle};

/// A value and where it begins, both counted from 1.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) line: usize,
    pub(crate) column: usize,
    pub(crate) value: Value,
}

#[derive(Debug)]
pub(crate) enum Value {
    /// Nothing was written.
    Nothing,
    Text(String),
    List(Vec<Node>),
    /// The keys, each as a text with its place, and what stands behind them.
    Map(Vec<(Node, Node)>),
}

impl Node {
    /// The text of a scalar.
    pub(crate) fn text(&self) -> Option<&str> {
        if let Value::Text(text) = &self.value { Some(text) } else { None }
    }

    pub(super) fn what(&self) -> &'static str {
        match self.value {
            Value::Nothing => "nothing",
            Value::Text(_) => "a text",
            Value::List(_) => "a list",
            Value::Map(_) => "a mapping",
        }
    }
}

/// A list or a mapping that is not finished: keys and values alternate in the latter.
struct Open {
    line: usize,
    column: usize,
    map: bool,
    nodes: Vec<Node>,
}

impl Open {
    fn close(self) -> Node {
        let value = if self.map {
            let mut nodes = self.nodes.into_iter();
            let mut pairs = Vec::new();
            while let (Some(key), Some(value)) = (nodes.next(), nodes.next()) {
                pairs.push((key, value));
            }
            Value::Map(pairs)
        } else {
            Value::List(self.nodes)
        };
        Node { line: self.line, column: self.column, value }
    }
}

/// The only document of a text. Where aliases are passed over, what they stand for is not known.
pub(crate) fn parse(text: &str, aliases: bool) -> Result<Node, Refused> {
    const DEEPEST: usize = 16;
    let mut open: Vec<Open> = Vec::new();
    let mut root = None;
    for step in Parser::new_from_str(text) {
        let (event, span) = step.map_err(|error| {
            let at = error.marker();
            let what = format!("this is not YAML: {}", error.info());
            Refused::new(at.line(), at.col() + 1, "", &what, "check indentation, quotes and brackets")
        })?;
        let (line, column) = (span.start.line(), span.start.col() + 1);
        let refuse = |what: &str, help: &str| Err(Refused::new(line, column, "", what, help));
        let done = match event {
            Event::Alias(_) if aliases => Node { line, column, value: Value::Text(String::new()) },
            Event::Alias(_) => return refuse("aliases have no meaning here", "write the value itself"),
            Event::DocumentStart(_) if root.is_some() => {
                return refuse("a second document", "keep everything in one");
            }
            Event::Scalar(text, style, ..) => {
                let empty = style == ScalarStyle::Plain && matches!(text.as_ref(), "" | "~" | "null");
                let value = if empty { Value::Nothing } else { Value::Text(text.into_owned()) };
                Node { line, column, value }
            }
            Event::SequenceStart(..) | Event::MappingStart(..) if open.len() == DEEPEST => {
                return refuse("too deep", "there is nothing that deep here");
            }
            Event::SequenceStart(..) => {
                open.push(Open { line, column, map: false, nodes: Vec::new() });
                continue;
            }
            Event::MappingStart(..) => {
                open.push(Open { line, column, map: true, nodes: Vec::new() });
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => match open.pop() {
                Some(done) => done.close(),
                None => continue,
            },
            _ => continue,
        };
        match open.last_mut() {
            Some(parent) => parent.nodes.push(done),
            None => root = Some(done),
        }
    }
    Ok(root.unwrap_or(Node { line: 1, column: 1, value: Value::Nothing }))
}
