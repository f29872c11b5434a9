//! Any key, click, size and event, in any order: nothing panics, every screen can be drawn, and there is always a way out.

use super::{Case, numbered};
use crate::config::Config;
use crate::keys::{TABLE, key};
use crate::model::{FileEvent, Grouping, Listing, Message, Mode, State};
use crossterm::event::{KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Event {
    Key(String),
    Mouse(MouseEventKind, u16, u16),
    Resize(u16, u16),
    Grow(usize),
    Cut,
    Job(u8, u8),
    Gone(u8),
    Labels,
    Config(bool),
    Tick,
}

fn keys() -> impl Strategy<Value = String> {
    let table: Vec<String> = TABLE
        .iter()
        .flat_map(|row| row.keys)
        .filter(|key| !["q", "ctrl-c"].contains(key))
        .map(|key| (*key).into())
        .collect();
    let typed: Vec<String> = "xyz019-:.*(界é".chars().map(String::from).collect();
    prop_oneof![6 => proptest::sample::select(table), 1 => proptest::sample::select(typed)]
}

fn event() -> impl Strategy<Value = Event> {
    let mouse = proptest::sample::select(vec![
        MouseEventKind::ScrollUp,
        MouseEventKind::ScrollDown,
        MouseEventKind::Down(MouseButton::Left),
        MouseEventKind::Drag(MouseButton::Left),
        MouseEventKind::Up(MouseButton::Left),
        MouseEventKind::Down(MouseButton::Right),
    ]);
    prop_oneof![
        16 => keys().prop_map(Event::Key),
        4 => (mouse, 0..220u16, 0..70u16).prop_map(|(kind, column, row)| Event::Mouse(kind, column, row)),
        2 => (1..220u16, 1..70u16).prop_map(|(width, height)| Event::Resize(width, height)),
        2 => (1..60usize).prop_map(Event::Grow),
        1 => Just(Event::Cut),
        3 => (0..12u8, 0..8u8).prop_map(|(job, state)| Event::Job(job, state)),
        1 => (0..12u8).prop_map(Event::Gone),
        1 => Just(Event::Labels),
        1 => any::<bool>().prop_map(Event::Config),
        1 => Just(Event::Tick),
    ]
}

const STATES: [State; 8] = [
    State::Running,
    State::Quiet,
    State::Failed,
    State::Panicked,
    State::Died,
    State::Done,
    State::Dropped,
    State::Unknown,
];

fn happen(case: &mut Case, event: Event) {
    match event {
        Event::Key(name) => case.send(Message::Key(key(&name).unwrap())),
        Event::Mouse(kind, column, row) => {
            case.send(Message::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE }));
        }
        Event::Resize(width, height) => case.send(Message::Resize(width, height)),
        Event::Grow(count) => case.grow(&numbered(count)),
        Event::Cut => {
            case.text = b"new\n".to_vec();
            case.send(Message::File { tag: case.model.log.tag, event: FileEvent::Replaced(4) });
        }
        Event::Job(number, state) => {
            let mut job = case.job(&format!("import-{number}"), STATES[usize::from(state)]);
            (job.errors, job.counted) = (u64::from(state) * 7, state % 2 == 0);
            case.send(Message::Jobs(vec![job]));
            case.send(Message::Listed(Listing { seen: 13, total: 13, ..Listing::default() }));
        }
        Event::Gone(number) => case.send(Message::Gone(vec![format!("import-{number}").into()])),
        Event::Labels => {
            case.model.jobs.grouping = Grouping::Label("customer".into());
            case.model.jobs.arrange(case.model.now);
        }
        Event::Config(right) => {
            let text = if right { "theme: dark\nwrap: true\nsort: size\n" } else { "wrap: maybe\n" };
            case.send(Message::Configured(Box::new(Config::parse("config.yaml", text))));
        }
        Event::Tick => {
            case.model.now += std::time::Duration::from_secs(5);
            case.send(Message::Tick(case.model.now));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn nothing_breaks_it_and_there_is_always_a_way_out(events in proptest::collection::vec(event(), 1..120)) {
        let mut case = Case::new(&numbered(150), (120, 36));
        for event in events {
            happen(&mut case, event);
            let size = case.model.size;
            crate::view::tests::screen(&case.model, size);
            let rows = case.model.jobs.shown().len();
            prop_assert!(case.model.jobs.row().is_none_or(|row| row < rows));
            prop_assert!(case.model.jobs.selected().is_some() == (rows > 0));
            prop_assert!(case.model.jobs.line().is_some() == (rows > 0), "the selected job has a line");
        }
        for _ in 0..12 {
            case.send(Message::Key(key("esc").unwrap()));
        }
        prop_assert_eq!(&case.model.mode, &Mode::Normal);
        // What was remembered comes back, whatever it was.
        let session = case.model.session();
        case.model.restore(session);
        case.send(Message::Key(KeyEvent::new(crossterm::event::KeyCode::Char('q'), KeyModifiers::NONE)));
        prop_assert!(case.model.quit);
    }
}
