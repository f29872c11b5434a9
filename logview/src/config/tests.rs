//! What a person may write, and what is said about what cannot be meant.

use super::*;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

fn refused(text: &str) -> String {
    Config::parse("c.yaml", text).unwrap_err().lines().join("\n")
}

#[test]
fn what_is_printed_are_the_defaults() {
    let printed = printed();
    assert_eq!(Config::parse("c.yaml", &printed).unwrap(), Config::default(), "{printed}");
    assert_eq!(Config::parse("c.yaml", "").unwrap(), Config::default());
    for row in TABLE {
        assert!(printed.contains(&format!("  {}: [", row.name)), "{}", row.name);
    }
}

#[test]
fn every_word_of_every_setting_is_read_and_changes_something() {
    for setting in SETTINGS {
        let mut seen = vec![];
        for word in setting.words {
            let config = Config::parse("c.yaml", &format!("{}: {word}\n", setting.name)).unwrap();
            assert!(!seen.contains(&config), "{}: {word}", setting.name);
            assert_eq!(config == Config::default(), seen.is_empty(), "{}: {word}", setting.name);
            seen.push(config);
        }
    }
}

#[test]
fn a_key_that_is_given_to_one_command_is_taken_from_the_others() {
    let config = Config::parse("c.yaml", "keys: { next-error: [x, ctrl-e], quit: e }").unwrap();
    let means = |c, modifiers| config.keys.lookup(KeyEvent::new(KeyCode::Char(c), modifiers), false);
    use crate::keys::Action;
    assert_eq!(means('x', KeyModifiers::NONE), Some(Action::Next(log::Level::Error)));
    assert_eq!(means('e', KeyModifiers::CONTROL), Some(Action::Next(log::Level::Error)));
    assert_eq!(means('e', KeyModifiers::NONE), Some(Action::Quit));
    assert_eq!(means('q', KeyModifiers::NONE), None);
}

#[test]
fn colours_change_the_theme() {
    let config = Config::parse("c.yaml", "colors: { error: '#ff0000 bold' }\ntheme: light\n").unwrap();
    let red = style("#ff0000 bold").unwrap();
    let (_, part, _) = PARTS[4];
    assert_eq!(config.palette, Palette::of("light").unwrap().with(part, red));
}

#[test]
fn what_is_wrong_is_told_with_its_place_and_a_remedy() {
    for (text, wanted) in [
        ("thme: dark", "c.yaml:1:1: thme: no setting is called so\n\nthme: dark\n^\n\ndid you mean theme?"),
        (
            "\ntheme: drak",
            "c.yaml:2:8: theme: \"drak\" has no meaning here\n\ntheme: drak\n       ^\n\ndid you mean dark?",
        ),
        ("wrap: yes", "c.yaml:1:7: wrap: \"yes\" has no meaning here"),
        ("keys:\n  nxt-error: [e]", "c.yaml:2:3: keys.nxt-error: no command is called so"),
        ("keys:\n  next-error: [e, Ctrl-X]", "c.yaml:2:19: keys.next-error: \"Ctrl-X\" is no key"),
        ("keys: { next-error: e, quit: e }", "c.yaml:1:30: keys.quit: e is next-error's already"),
        ("keys: { quit: [] }", "no key is left to quit with"),
        ("colors: { error: rot }", "c.yaml:1:18: colors.error: \"rot\" is no colour and no look"),
        ("colors: { errors: red }", "did you mean error?"),
        ("wrap: true\nwrap: false", "c.yaml:2:1: wrap stands here twice"),
        ("- a\n- b", "settings are expected here, not a list"),
        ("wrap: [true", "this is not YAML"),
        ("a: &x 1\nb: *x", "aliases have no meaning here"),
        ("wrap: { deep: 1 }", "a word is expected, not a mapping"),
    ] {
        let said = refused(text);
        assert!(said.contains(wanted), "{text}\n{said}");
    }
}

proptest::proptest! {
    #[test]
    fn no_text_breaks_it(text in "[a-z:{}\\[\\], \n&*!'\"-]{0,60}") {
        let _ = Config::parse("c.yaml", &text);
    }
}
