//! The key table: every key, what it does, and the words for it. Keys are looked up here, the key line and the help
//! are made from it, so none of them can say what is not so.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use log::Level;

/// What a key does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Action {
    Down,
    Up,
    HalfDown,
    HalfUp,
    PageDown,
    PageUp,
    First,
    Last,
    Left,
    Right,
    Search,
    NextHit,
    PreviousHit,
    Only,
    Next(Level),
    Previous(Level),
    GoToLine,
    GoToTime,
    Toggle(Level),
    ErrorsOnly,
    AllLevels,
    Wrap,
    Raw,
    Columns,
    Clock,
    Chart,
    Zoom,
    Mouse,
    OlderFile,
    NewerFile,
    Sort,
    FilterJobs,
    RunningOnly,
    Pane,
    Enter,
    Help,
    Back,
    Quit,
}

/// Under which heading the help shows a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Group {
    Move,
    Find,
    Jump,
    Levels,
    Jobs,
    Show,
    App,
}

impl Group {
    /// All groups, in so many columns of the help (one, two or three).
    pub fn columns(count: usize) -> &'static [&'static [Group]] {
        use Group::{App, Find, Jobs, Jump, Levels, Move, Show};
        match count {
            3 => &[&[Move, Jump], &[Find, Levels], &[Jobs, Show, App]],
            2 => &[&[Move, Jump, App], &[Find, Levels, Jobs, Show]],
            _ => &[&[App, Find, Jump, Move, Levels, Jobs, Show]],
        }
    }

    /// The heading.
    pub fn title(self) -> &'static str {
        match self {
            Group::Move => "MOVE",
            Group::Find => "FIND",
            Group::Jump => "JUMP",
            Group::Levels => "LEVELS",
            Group::Jobs => "JOBS",
            Group::Show => "SHOW",
            Group::App => "APP",
        }
    }
}

/// Where a key works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Where {
    /// In both panes, on the pane that has the focus.
    Both,
    /// While the list has the focus.
    List,
    /// While the log has the focus.
    Log,
}

/// One row of the table.
#[derive(Debug)]
pub struct Binding {
    /// The keys, as [`name`] calls them.
    pub keys: &'static [&'static str],
    /// How the help writes them.
    pub shown: &'static str,
    /// What they do, in a few words.
    pub what: &'static str,
    /// The same in one word for the key line; empty if it does not stand there.
    pub hint: &'static str,
    /// The help's heading.
    pub group: Group,
    /// Where they work.
    pub place: Where,
    /// What is done.
    pub action: Action,
}

const fn row(
    (keys, shown): (&'static [&'static str], &'static str),
    (what, hint): (&'static str, &'static str),
    group: Group,
    place: Where,
    action: Action,
) -> Binding {
    Binding { keys, shown, what, hint, group, place, action }
}

use Action as A;
use Group as G;
use Where as W;

/// The table. The order is that of the help and of the key line.
#[rustfmt::skip]
pub const TABLE: &[Binding] = &[
    row((&["j", "down"], "j ↓"), ("line down", ""), G::Move, W::Both, A::Down),
    row((&["k", "up"], "k ↑"), ("line up", ""), G::Move, W::Both, A::Up),
    row((&["ctrl-d"], "^D"), ("half a page down", ""), G::Move, W::Both, A::HalfDown),
    row((&["ctrl-u"], "^U"), ("half a page up", ""), G::Move, W::Both, A::HalfUp),
    row((&["space", "pgdn", "ctrl-f"], "Space PgDn"), ("page down", ""), G::Move, W::Both, A::PageDown),
    row((&["b", "pgup", "ctrl-b"], "b PgUp"), ("page up", ""), G::Move, W::Both, A::PageUp),
    row((&["g", "home"], "g Home"), ("first", ""), G::Move, W::Both, A::First),
    row((&["G", "end"], "G End"), ("last, and follow", ""), G::Move, W::Both, A::Last),
    row((&["h", "left"], "h ←"), ("to the left", ""), G::Move, W::Both, A::Left),
    row((&["l", "right"], "l →"), ("to the right", ""), G::Move, W::Both, A::Right),
    row((&["/"], "/"), ("search (regex)", "search"), G::Find, W::Both, A::Search),
    row((&["n"], "n"), ("next hit", "next"), G::Find, W::Both, A::NextHit),
    row((&["N"], "N"), ("previous hit", ""), G::Find, W::Both, A::PreviousHit),
    row((&["f"], "f"), ("filter the list", "filter"), G::Jobs, W::List, A::FilterJobs),
    row((&["f", "&"], "f &"), ("show matching lines only", "filter"), G::Find, W::Log, A::Only),
    row((&["s"], "s"), ("another order", "sort"), G::Jobs, W::Both, A::Sort),
    row((&["r"], "r"), ("running only", "running"), G::Jobs, W::Both, A::RunningOnly),
    row((&["enter"], "Enter"), ("into the log", "log"), G::Jobs, W::List, A::Enter),
    row((&["e"], "e"), ("next error", "error"), G::Jump, W::Both, A::Next(Level::Error)),
    row((&["E"], "E"), ("previous error", ""), G::Jump, W::Both, A::Previous(Level::Error)),
    row((&["w"], "w"), ("next warning", "warning"), G::Jump, W::Both, A::Next(Level::Warn)),
    row((&["W"], "W"), ("previous warning", ""), G::Jump, W::Both, A::Previous(Level::Warn)),
    row((&["t"], "t"), ("time: 14:30, -5m, T+10m", ""), G::Jump, W::Both, A::GoToTime),
    row((&[":"], ":"), ("line by its number", ""), G::Jump, W::Both, A::GoToLine),
    row((&["0"], "0"), ("errors only", "errors only"), G::Levels, W::Both, A::ErrorsOnly),
    row((&["1"], "1"), ("E on / off", ""), G::Levels, W::Both, A::Toggle(Level::Error)),
    row((&["2"], "2"), ("W on / off", ""), G::Levels, W::Both, A::Toggle(Level::Warn)),
    row((&["3"], "3"), ("I on / off", ""), G::Levels, W::Both, A::Toggle(Level::Info)),
    row((&["4"], "4"), ("D on / off", ""), G::Levels, W::Both, A::Toggle(Level::Debug)),
    row((&["5"], "5"), ("T on / off", ""), G::Levels, W::Both, A::Toggle(Level::Trace)),
    row((&["a"], "a"), ("all levels", "all"), G::Levels, W::Both, A::AllLevels),
    row((&["z"], "z"), ("zoom: the log alone", "zoom"), G::Show, W::Both, A::Zoom),
    row((&["v"], "v"), ("wrap long lines", "wrap"), G::Show, W::Both, A::Wrap),
    row((&["p"], "p"), ("pretty / as in the file", ""), G::Show, W::Both, A::Raw),
    row((&["c"], "c"), ("columns on / off", ""), G::Show, W::Both, A::Columns),
    row((&["T"], "T"), ("clock / since start / gap", "time"), G::Show, W::Both, A::Clock),
    row((&["i"], "i"), ("volume chart", "chart"), G::Show, W::Both, A::Chart),
    row((&["["], "["), ("previous file of the job", ""), G::Show, W::Both, A::OlderFile),
    row((&["]"], "]"), ("next file of the job", ""), G::Show, W::Both, A::NewerFile),
    row((&["M"], "M"), ("mouse on / off", ""), G::Show, W::Both, A::Mouse),
    row((&["tab", "backtab"], "Tab"), ("other pane", "pane"), G::App, W::Both, A::Pane),
    row((&["?", "f1"], "?"), ("this help", "help"), G::App, W::Both, A::Help),
    row((&["esc"], "Esc"), ("back: stop, clear, close", ""), G::App, W::Both, A::Back),
    row((&["q", "ctrl-c"], "q ^C"), ("quit", "quit"), G::App, W::Both, A::Quit),
];

/// What a key means while the list (or else the log) has the focus.
pub fn lookup(key: KeyEvent, list: bool) -> Option<Action> {
    let name = name(key);
    let place = if list { Where::List } else { Where::Log };
    let row = TABLE
        .iter()
        .find(|row| (row.place == Where::Both || row.place == place) && row.keys.contains(&name.as_str()));
    row.map(|row| row.action)
}

/// The table's name for a key.
pub fn name(key: KeyEvent) -> String {
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    let plain = match key.code {
        KeyCode::Char(' ') => "space".to_owned(),
        KeyCode::Char(c) if control => c.to_ascii_lowercase().to_string(),
        KeyCode::Char(c) => c.to_string(),
        KeyCode::Up => "up".to_owned(),
        KeyCode::Down => "down".to_owned(),
        KeyCode::Left => "left".to_owned(),
        KeyCode::Right => "right".to_owned(),
        KeyCode::PageUp => "pgup".to_owned(),
        KeyCode::PageDown => "pgdn".to_owned(),
        KeyCode::Home => "home".to_owned(),
        KeyCode::End => "end".to_owned(),
        KeyCode::Enter => "enter".to_owned(),
        KeyCode::Tab => "tab".to_owned(),
        KeyCode::BackTab => "backtab".to_owned(),
        KeyCode::Esc => "esc".to_owned(),
        KeyCode::F(n) => format!("f{n}"),
        _ => String::new(),
    };
    if control && !plain.is_empty() { format!("ctrl-{plain}") } else { plain }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_means_two_things_in_one_place() {
        for (at, row) in TABLE.iter().enumerate() {
            for other in &TABLE[at + 1..] {
                let together =
                    row.place == other.place || row.place == Where::Both || other.place == Where::Both;
                let shared = row.keys.iter().find(|key| other.keys.contains(key));
                assert!(!together || shared.is_none(), "{shared:?}: {} and {}", row.what, other.what);
            }
        }
    }

    #[test]
    fn every_group_has_a_place_in_the_help() {
        for row in TABLE {
            for count in 1..=3 {
                assert_eq!(Group::columns(count).len(), count);
                assert!(Group::columns(count).concat().contains(&row.group), "{}", row.what);
            }
        }
    }

    #[test]
    fn keys_are_found_by_their_names() {
        let key = |code, modifiers| KeyEvent::new(code, modifiers);
        assert_eq!(lookup(key(KeyCode::Char('d'), KeyModifiers::CONTROL), true), Some(Action::HalfDown));
        assert_eq!(lookup(key(KeyCode::Char('f'), KeyModifiers::NONE), true), Some(Action::FilterJobs));
        assert_eq!(lookup(key(KeyCode::Char('f'), KeyModifiers::NONE), false), Some(Action::Only));
        assert_eq!(lookup(key(KeyCode::Char('G'), KeyModifiers::SHIFT), false), Some(Action::Last));
        assert_eq!(lookup(key(KeyCode::F(7), KeyModifiers::NONE), false), None);
    }
}
