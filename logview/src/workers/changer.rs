//! What changes something outside the viewer: asked for by a person, shown before, done once.

use super::{Shared, spawn};
use crate::model::{Change, Message};
use crate::raise;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel};

pub(super) fn start(shared: &Arc<Shared>, out: &SyncSender<Message>) -> Sender<Change> {
    let (to, changes): (_, Receiver<Change>) = channel();
    let (stop, tell) = (Arc::clone(shared), out.clone());
    spawn("changer", out, move || {
        for change in changes {
            if stop.quit.load(Ordering::Relaxed) {
                break;
            }
            let answer = match change {
                Change::ProposeRaise { template, job, level, until } => {
                    Message::Proposed(Box::new(raise::propose(&template, &job, level, &until)))
                }
                Change::Raise(proposal) => {
                    Message::Raised(Box::new(raise::write(&proposal).map(|()| proposal)))
                }
            };
            if tell.send(answer).is_err() {
                break;
            }
        }
    });
    to
}
