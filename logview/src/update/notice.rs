//! What is said in a frame over the screen, and the configuration, which may be a reason for it.

use super::settle;
use crate::config::{Config, Refused};
use crate::model::{Mode, Model, Notice, Request};

/// Takes in a configuration that was saved; one that is refused changes nothing.
pub(super) fn configured(model: &mut Model, config: Result<Config, Refused>) -> Vec<Request> {
    match config {
        Ok(config) => {
            let mouse = model.mouse;
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
            requests
        }
        Err(refused) => {
            if model.mode == Mode::Normal {
                model.mode = Mode::Notice(refusal(&refused));
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
    Notice { title: "config.yaml is not used".to_owned(), lines }
}
