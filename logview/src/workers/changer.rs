//! What changes something outside the viewer: asked for by a person, shown before, done once.

use super::{Shared, spawn};
use crate::model::{Change, Message, Prunable};
use crate::raise;
use logcore::Prune;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel};

pub(super) fn start(root: PathBuf, shared: &Arc<Shared>, out: &SyncSender<Message>) -> Sender<Change> {
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
                Change::ProposePrune { template } => Message::Prunable(prunable(&root, template)),
                Change::Prune(found) => Message::Pruned(prune(&root, &found)),
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

fn prunable(root: &Path, template: Option<PathBuf>) -> Result<Prunable, String> {
    let template =
        template.ok_or("no job here says which template its host runs with, so nothing can be removed")?;
    let prune = Prune::new(root, &template).map_err(|error| error.to_string())?;
    let removals = prune.dry_run().map_err(|error| error.to_string())?;
    Ok(Prunable { has_limits: prune.has_limits(), template, removals })
}

/// Removes what was shown, as far as it is still as it was.
fn prune(root: &Path, found: &Prunable) -> Result<usize, String> {
    let prune = Prune::new(root, &found.template).map_err(|error| error.to_string())?;
    let mut removed = 0;
    for removal in &found.removals {
        match prune.remove(removal) {
            Ok(done) => removed += usize::from(done),
            Err(error) => return Err(format!("{removed} removed, then: {error}")),
        }
    }
    Ok(removed)
}
