//! The key table: every command, its keys, and the words for it. Keys are looked up here; the key line, the help, the
//! command list, the manual page and the names in `config.yaml` are made from it, so none of them can say what is not
//! so. A new command is a variant of [`Action`], a row of [`TABLE`] and its check in `update/tests/actions.rs`.

mod keymap;

pub use keymap::{Keymap, key, name};

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
    Word,
    NextHit,
    PreviousHit,
    Hits,
    Only,
    Without,
    Filters,
    MoreAround,
    LessAround,
    Next(Level),
    Previous(Level),
    GoToTime,
    Toggle(Level),
    ErrorsOnly,
    AllLevels,
    Wrap,
    Raw,
    Columns,
    Sticky,
    JumpBack,
    JumpForward,
    Context,
    Mark,
    NextMark,
    Marks,
    ChooseTime,
    Detail,
    Copy,
    CopyRecord,
    Range,
    Save,
    Editor,
    Pager,
    Fold,
    FoldAll,
    ChooseDown,
    ChooseUp,
    Clock,
    Chart,
    Zoom,
    Mouse,
    Bell,
    OlderFile,
    NewerFile,
    Sort,
    FilterJobs,
    RunningOnly,
    Tick,
    Split,
    Compare,
    Newest,
    Raise,
    Disk,
    GroupBy,
    FoldGroup,
    UnfoldGroup,
    FoldGroups,
    Pane,
    Enter,
    Commands,
    Help,
    Back,
    Suspend,
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
    Take,
    App,
}

impl Group {
    /// All groups, in so many columns of the help (one, two or three).
    pub fn columns(count: usize) -> &'static [&'static [Group]] {
        use Group::{App, Find, Jobs, Jump, Levels, Move, Show, Take};
        match count {
            3 => &[&[Move, Jump, Levels], &[Find, Jobs], &[Show, Take, App]],
            2 => &[&[Move, Jump, Levels, Take], &[Find, Jobs, Show, App]],
            _ => &[&[App, Find, Jump, Move, Levels, Jobs, Show, Take]],
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
            Group::Take => "TAKE AWAY",
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
    /// What it is called in the command list and in `config.yaml`.
    pub name: &'static str,
    /// The keys that it has by default, as [`name`] calls them.
    pub keys: &'static [&'static str],
    /// The words in the help, where neighbours with the same words share a line.
    pub help: &'static str,
    /// What it does, for the command list and the manual page.
    pub what: &'static str,
    /// The same in one word for the key line; empty if it does not stand there.
    pub hint: &'static str,
    /// The help's heading.
    pub group: Group,
    /// Where its keys work. What works in one pane goes before what works in both.
    pub place: Where,
    /// What is done.
    pub action: Action,
}

const fn row(
    (name, keys): (&'static str, &'static [&'static str]),
    (help, what, hint): (&'static str, &'static str, &'static str),
    group: Group,
    place: Where,
    action: Action,
) -> Binding {
    Binding { name, keys, help, what, hint, group, place, action }
}

use Action as A;
use Group as G;
use Where as W;

/// The table. The order is that of the help and of the key line.
#[rustfmt::skip]
pub const TABLE: &[Binding] = &[
    row(("down", &["j", "down"]), ("line", "one line down", ""), G::Move, W::Both, A::Down),
    row(("up", &["k", "up"]), ("line", "one line up", ""), G::Move, W::Both, A::Up),
    row(("half-page-down", &["ctrl-d"]), ("half a page", "half a page down", ""), G::Move, W::Both, A::HalfDown),
    row(("half-page-up", &["ctrl-u"]), ("half a page", "half a page up", ""), G::Move, W::Both, A::HalfUp),
    row(("page-down", &["space", "pgdn", "ctrl-f"]), ("page", "one page down", ""), G::Move, W::Both, A::PageDown),
    row(("page-up", &["b", "pgup", "ctrl-b"]), ("page", "one page up", ""), G::Move, W::Both, A::PageUp),
    row(("first", &["g", "home"]), ("first, last", "to the first line or job", ""), G::Move, W::Both, A::First),
    row(("last", &["G", "end"]), ("first, last", "to the last one; in the log, follow", ""), G::Move, W::Both, A::Last),
    row(("left", &["h", "left"]), ("sideways", "scroll to the left", ""), G::Move, W::Both, A::Left),
    row(("right", &["l", "right"]), ("sideways", "scroll to the right", ""), G::Move, W::Both, A::Right),
    row(("choose-down", &["J"]), ("choose a line", "choose the line below", ""), G::Move, W::Both, A::ChooseDown),
    row(("choose-up", &["K"]), ("choose a line", "choose the line above", ""), G::Move, W::Both, A::ChooseUp),
    row(("search", &["/"]), ("search (regex)", "search in the log for a regular expression", "search"), G::Find, W::Both, A::Search),
    row(("word", &["*"]), ("a word of the line", "search for the longest word of the chosen line, or of the top one", ""), G::Find, W::Both, A::Word),
    row(("next-hit", &["n"]), ("next, previous hit", "to the next line that matches the search", "next"), G::Find, W::Both, A::NextHit),
    row(("previous-hit", &["N"]), ("next, previous hit", "to the previous line that matches the search", ""), G::Find, W::Both, A::PreviousHit),
    row(("hits", &["ctrl-g"]), ("list the hits", "list the lines that match the search", ""), G::Find, W::Both, A::Hits),
    row(("only", &["f", "&"]), ("show, hide matching", "show only the lines that match, of those that are shown", "filter lines"), G::Find, W::Log, A::Only),
    row(("without", &["F"]), ("show, hide matching", "hide the lines that match", ""), G::Find, W::Log, A::Without),
    row(("filters", &["X"]), ("list the filters", "list the filters: switch them off and on, edit them, take them away", ""), G::Find, W::Both, A::Filters),
    row(("more-around", &["+", "="]), ("lines around matches", "more lines around those that a filter or a level leaves", ""), G::Find, W::Both, A::MoreAround),
    row(("less-around", &["-"]), ("lines around matches", "fewer lines around them", ""), G::Find, W::Both, A::LessAround),
    row(("filter-jobs", &["f"]), ("filter the list", "show only the jobs whose name matches", "filter jobs"), G::Jobs, W::List, A::FilterJobs),
    row(("sort", &["s"]), ("sort the list", "another order of the list: attention, name, age, size, errors", "sort"), G::Jobs, W::Both, A::Sort),
    row(("running-only", &["r"]), ("running only", "show only the jobs that run", "running"), G::Jobs, W::Both, A::RunningOnly),
    row(("newest", &["n"]), ("newest job", "follow the newest job", "newest"), G::Jobs, W::List, A::Newest),
    row(("group-by", &["B"]), ("group the list", "group the list by what ids begin with, by a label, or not", ""), G::Jobs, W::Both, A::GroupBy),
    row(("fold-group", &["h", "left"]), ("fold a group", "fold the group of the selected job", ""), G::Jobs, W::List, A::FoldGroup),
    row(("unfold-group", &["l", "right"]), ("fold a group", "open the group of the selected job", ""), G::Jobs, W::List, A::UnfoldGroup),
    row(("fold-groups", &[","]), ("fold all groups", "fold all groups, or open them", ""), G::Jobs, W::List, A::FoldGroups),
    row(("tick", &["space"]), ("tick: several as one", "tick the job; two or more are shown as one log", ""), G::Jobs, W::List, A::Tick),
    row(("split", &["|"]), ("two beside each other", "two ticked jobs, or a job and its last good run, beside each other from their starts on", ""), G::Jobs, W::Both, A::Split),
    row(("compare", &["C"]), ("compare two", "compare these two: what only one of them says, whatever the numbers", ""), G::Jobs, W::Both, A::Compare),
    row(("raise-level", &["R"]), ("raise level 10 min", "raise the running job's level for ten minutes (asks)", ""), G::Jobs, W::Both, A::Raise),
    row(("disk-use", &["D"]), ("disk use, prune", "disk use, and what the retention would remove (asks)", ""), G::Jobs, W::Both, A::Disk),
    row(("open", &["enter"]), ("into the log", "turn to the log of the selected job", "log"), G::Jobs, W::List, A::Enter),
    row(("next-error", &["e"]), ("error", "to the next error", "error"), G::Jump, W::Both, A::Next(Level::Error)),
    row(("previous-error", &["E"]), ("error", "to the previous error", ""), G::Jump, W::Both, A::Previous(Level::Error)),
    row(("next-warning", &["w"]), ("warning", "to the next warning", ""), G::Jump, W::Both, A::Next(Level::Warn)),
    row(("previous-warning", &["W"]), ("warning", "to the previous warning", ""), G::Jump, W::Both, A::Previous(Level::Warn)),
    row(("time", &["t"]), ("14:30, -5m, T+10m", "to a time: of the day, before the end, since the start", "time"), G::Jump, W::Both, A::GoToTime),
    row(("context", &["x"]), ("all at that moment", "the same moment in the most verbose file, with what came before", "context"), G::Jump, W::Both, A::Context),
    row(("jump-back", &["o"]), ("back, forward", "back to where you were before a jump", ""), G::Jump, W::Both, A::JumpBack),
    row(("jump-forward", &["ctrl-o"]), ("back, forward", "forward again", ""), G::Jump, W::Both, A::JumpForward),
    row(("mark", &["m"]), ("mark, next, list", "mark the line, with a note, or take its mark away", "mark"), G::Jump, W::Both, A::Mark),
    row(("next-mark", &["u"]), ("mark, next, list", "to the next mark", ""), G::Jump, W::Both, A::NextMark),
    row(("marks", &["'"]), ("mark, next, list", "list all marks", ""), G::Jump, W::Both, A::Marks),
    row(("toggle-error", &["1"]), ("E W I D T on / off", "errors on or off", ""), G::Levels, W::Both, A::Toggle(Level::Error)),
    row(("toggle-warning", &["2"]), ("E W I D T on / off", "warnings on or off", ""), G::Levels, W::Both, A::Toggle(Level::Warn)),
    row(("toggle-info", &["3"]), ("E W I D T on / off", "information on or off", ""), G::Levels, W::Both, A::Toggle(Level::Info)),
    row(("toggle-debug", &["4"]), ("E W I D T on / off", "debug records on or off", ""), G::Levels, W::Both, A::Toggle(Level::Debug)),
    row(("toggle-trace", &["5"]), ("E W I D T on / off", "trace records on or off", ""), G::Levels, W::Both, A::Toggle(Level::Trace)),
    row(("errors-only", &["0"]), ("errors only", "show errors only", ""), G::Levels, W::Both, A::ErrorsOnly),
    row(("all-levels", &["a"]), ("all", "show all levels", "all"), G::Levels, W::Both, A::AllLevels),
    row(("detail", &["enter"]), ("the record's fields", "take the record apart: its fields, JSON laid out, its bytes", "detail"), G::Show, W::Log, A::Detail),
    row(("zoom", &["z"]), ("the log alone", "the log alone, without borders", "zoom"), G::Show, W::Both, A::Zoom),
    row(("wrap", &["v"]), ("wrap", "wrap long lines, or cut them", ""), G::Show, W::Both, A::Wrap),
    row(("raw", &["p"]), ("pretty / raw", "lines as they are in the file, or taken apart", ""), G::Show, W::Both, A::Raw),
    row(("columns", &["c"]), ("columns", "columns on or off", ""), G::Show, W::Both, A::Columns),
    row(("fold", &["."]), ("fold here, all", "fold or unfold a record's other lines, or what is said again", ""), G::Show, W::Both, A::Fold),
    row(("fold-all", &[","]), ("fold here, all", "fold or unfold everything", ""), G::Show, W::Both, A::FoldAll),
    row(("sticky", &["L"]), ("top line sticks", "keep the first line of a long record in sight", ""), G::Show, W::Both, A::Sticky),
    row(("clock", &["T"]), ("clock / start / gap", "time of the day, since the start, or since the line before", ""), G::Show, W::Both, A::Clock),
    row(("chart", &["i"]), ("volume chart", "show or hide the volume chart", ""), G::Show, W::Both, A::Chart),
    row(("chart-time", &["I"]), ("choose a time in it", "choose a moment or a span in the volume chart and go there", ""), G::Show, W::Both, A::ChooseTime),
    row(("older-file", &["["]), ("file, or run beside", "the previous file of the job; beside each other, an older run on the left", ""), G::Show, W::Both, A::OlderFile),
    row(("newer-file", &["]"]), ("file, or run beside", "the next file of the job; beside each other, a newer run on the left", ""), G::Show, W::Both, A::NewerFile),
    row(("bell", &["!"]), ("bell on new errors", "on new errors in another job: the bell, a notification, nothing", ""), G::Show, W::Both, A::Bell),
    row(("mouse", &["M"]), ("mouse on / off", "take the mouse or leave it to the terminal", ""), G::Show, W::Both, A::Mouse),
    row(("copy", &["y"]), ("line, whole record", "copy the line, or the range", "copy"), G::Take, W::Both, A::Copy),
    row(("copy-record", &["Y"]), ("line, whole record", "copy the whole record", ""), G::Take, W::Both, A::CopyRecord),
    row(("range", &["V"]), ("pick a range", "choose a range of lines, to copy or save it", ""), G::Take, W::Both, A::Range),
    row(("save", &["S"]), ("save what is shown", "save what is shown, or the range, in a file", ""), G::Take, W::Both, A::Save),
    row(("editor", &["ctrl-e"]), ("editor, pager", "open the file in $EDITOR at the line", ""), G::Take, W::Both, A::Editor),
    row(("pager", &["P"]), ("editor, pager", "open the file in $PAGER at the line", ""), G::Take, W::Both, A::Pager),
    row(("other-pane", &["tab", "backtab"]), ("other pane", "turn to the other pane, or to the other side", "pane"), G::App, W::Both, A::Pane),
    row(("commands", &[":"]), ("commands; line 200", "list all commands, or go to a line by its number", ""), G::App, W::Both, A::Commands),
    row(("help", &["?", "f1"]), ("this help", "show all keys", "help"), G::App, W::Both, A::Help),
    row(("back", &["esc"]), ("stop, clear, close", "stop what is under way, clear or close what is nearest", ""), G::App, W::Both, A::Back),
    row(("suspend", &["ctrl-z"]), ("back to the shell", "back to the shell, until its fg", ""), G::App, W::Both, A::Suspend),
    row(("quit", &["q", "ctrl-c"]), ("quit", "quit", "quit"), G::App, W::Both, A::Quit),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_means_two_things_in_one_place() {
        for (at, row) in TABLE.iter().enumerate() {
            for other in &TABLE[at + 1..] {
                let shared = row.keys.iter().find(|key| other.keys.contains(key));
                assert!(
                    row.place != other.place || shared.is_none(),
                    "{shared:?}: {} and {}",
                    row.name,
                    other.name
                );
                assert!([row.help, row.what, row.hint].iter().all(|words| words.is_ascii()), "{}", row.name);
                assert_ne!(row.name, other.name);
                assert_ne!(row.action, other.action);
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
}
