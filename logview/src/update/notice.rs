//! What is said in a frame over the screen, and the configuration, which may be a reason for it.

use super::settle;
use crate::config::{Config, Refused};
use crate::model::{Mode, Model, Notice, Request};

/// Takes in a configuration that was saved; one that is refused changes nothing.
pub(super) fn configured(model: &mut Model, config: Result<Config, Refused>) -> Vec<Request> {
    match config {
        Ok(config) => {
            let (mouse, quiet) = (model.mouse, model.config.quiet_after);
            model.configure(config);
            if matches!(model.mode, Mode::Notice(_)) {
                model.mode = Mode::Normal;
            }
            model.note = Some("config.yaml was read again".to_owned());
            model.note_age = 0;
            let mut requests = settle(model);
            if model.mouse != mouse {
                requests.push(Request::Mouse(model.mouse));
            }
            if model.config.quiet_after != quiet {
                requests.push(Request::QuietAfter(model.config.quiet_after));
            }
            requests
        }
        Err(refused) => {
            // What was refused before is of the file as it was.
            let asks = matches!(&model.mode, Mode::Notice(notice) if notice.asks.is_some());
            if matches!(model.mode, Mode::Normal | Mode::Notice(_)) && !asks {
                (model.note, model.mode) = (None, Mode::Notice(refusal(&refused)));
            } else {
                (model.note, model.note_age) = (Some(refused.to_string()), 0);
            }
            Vec::new()
        }
    }
}

/// What is wrong with the configuration, and that what was in force stays.
pub(crate) fn refusal(refused: &Refused) -> Notice {
    let mut lines = refused.lines();
    lines.extend([String::new(), "What was in force stays. Any key closes this.".to_owned()]);
    Notice { title: "config.yaml is not used".to_owned(), lines, ..Notice::default() }
}

/// All keys of what is open, where they do not fit into the last row; `None` if nothing is that has keys of its own.
pub(super) fn keys_here(model: &Model) -> Option<Notice> {
    if matches!(model.mode, Mode::Notice(_)) {
        return None;
    }
    let hints = crate::view::hints::of(model, model.look.ascii);
    let wide = hints.iter().map(|(name, _)| crate::text::cells(name)).max()?;
    let pad = |name: &str| " ".repeat(wide - crate::text::cells(name));
    let lines = hints.iter().map(|(name, hint)| format!("{name}{}   {hint}", pad(name))).collect();
    let back = Box::new(model.mode.clone());
    Some(Notice { title: "Keys here".to_owned(), lines, back, ..Notice::default() })
}

/// What is said to whoever has never used the viewer: three things, once.
pub(crate) fn first_hints(model: &Model) -> Notice {
    let key = |name: &str| {
        let row = crate::keys::TABLE.iter().find(|row| row.name == name);
        row.map_or_else(String::new, |row| model.config.keys.shown(&[row], model.look.ascii, 1))
    };
    let lines = vec![
        format!(
            "{:5}  turns to the log of the selected job, {} back to the list",
            key("open"),
            key("other-pane")
        ),
        format!("{:5}  goes to the next error, {} searches", key("next-error"), key("search")),
        format!("{:5}  shows all keys, {} all commands", key("help"), key("commands")),
    ];
    Notice {
        title: "logview: three keys to begin with".to_owned(),
        lines,
        passing: true,
        ..Notice::default()
    }
}
