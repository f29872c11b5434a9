//! Follows the template's file: notify where it works, a look every two seconds where it does not.
//!
//! Directories are watched, not the file: it may be replaced by a rename, deleted and recreated, or reached through
//! links that are swapped (Kubernetes mounts `..data` that way).

use crate::logs::Inner;
use log::Level;
use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Weak};
use std::thread;
use std::time::{Duration, Instant};

/// Keeps the watching thread; dropping it ends the thread.
pub(crate) struct Watch {
    wake: SyncSender<Wake>,
}

enum Wake {
    Changed,
    Stop,
}

/// How long nothing may happen before the file is read: an editor writes in several steps.
const QUIET: Duration = Duration::from_millis(40);
/// How long a stream of events may keep the file from being read.
const AT_THE_LATEST: Duration = Duration::from_millis(400);
/// How often it is looked at in any case.
const LOOK: Duration = Duration::from_secs(2);
/// As many links are followed from the template's path.
const MOST_LINKS: usize = 16;

impl Watch {
    /// Starts the thread. Without one the template is still read by `logs.reload()`.
    pub(crate) fn start(logs: &Arc<Inner>) -> Watch {
        // Any event means "look": those that find the channel full add nothing.
        let (wake, events) = sync_channel(16);
        let (weak, config, to_us) = (Arc::downgrade(logs), logs.config().to_owned(), wake.clone());
        let thread = thread::Builder::new().name("logcore-config".into());
        if let Err(error) = thread.spawn(move || follow(&weak, &config, to_us, &events)) {
            logs.note(
                Level::Warn,
                format_args!("the template is not watched, no thread could be started: {error}"),
            );
        }
        Watch { wake }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.wake.try_send(Wake::Stop);
    }
}

fn follow(logs: &Weak<Inner>, config: &Path, wake: SyncSender<Wake>, events: &Receiver<Wake>) {
    let mut watched = Watched::new(wake);
    if let (Some(why), Some(logs)) = (watched.update(config), logs.upgrade()) {
        let every = LOOK.as_secs();
        logs.note(
            Level::Warn,
            format_args!("the template is looked at every {every} s, notify cannot watch it: {why}"),
        );
    }
    let mut missing_since = None;
    loop {
        match events.recv_timeout(LOOK) {
            Ok(Wake::Changed) => {
                if !settle(events) {
                    return;
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            Ok(Wake::Stop) | Err(RecvTimeoutError::Disconnected) => return,
        }
        let Some(logs) = logs.upgrade() else { return };
        // A refusal has been told in the server log.
        let _ = logs.reload(false);
        logs.let_go_of_overrides();
        watched.update(config);
        tell_if_missing(&logs, config, &mut missing_since);
    }
}

/// Waits until the events stop; `false` if the logs are gone.
fn settle(events: &Receiver<Wake>) -> bool {
    let latest = Instant::now() + AT_THE_LATEST;
    while Instant::now() < latest {
        match events.recv_timeout(QUIET) {
            Ok(Wake::Changed) => {}
            Err(RecvTimeoutError::Timeout) => return true,
            Ok(Wake::Stop) | Err(RecvTimeoutError::Disconnected) => return false,
        }
    }
    true
}

fn tell_if_missing(logs: &Inner, config: &Path, missing_since: &mut Option<(Instant, bool)>) {
    if config.exists() {
        *missing_since = None;
        return;
    }
    let (since, told) = missing_since.get_or_insert((Instant::now(), false));
    if !*told && since.elapsed() >= LOOK {
        *told = true;
        let file = config.display();
        logs.note(Level::Warn, format_args!("the template {file} is gone; the last one stays in force"));
    }
}

/// The directories in which a change may be one of the template.
struct Watched {
    watcher: Result<RecommendedWatcher, notify::Error>,
    dirs: BTreeSet<(PathBuf, Identity)>,
}

/// Tells a directory from one that was made anew in its place.
type Identity = (u64, u64);

impl Watched {
    fn new(wake: SyncSender<Wake>) -> Watched {
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            // Reading the file is an event too, on some systems.
            if !event.is_ok_and(|event| event.kind.is_access()) {
                let _ = wake.try_send(Wake::Changed);
            }
        });
        Watched { watcher, dirs: BTreeSet::new() }
    }

    /// Watches the directories that the path leads through now; returns why it cannot, if it cannot.
    fn update(&mut self, config: &Path) -> Option<String> {
        let watcher = match &mut self.watcher {
            Ok(watcher) => watcher,
            Err(error) => return Some(error.to_string()),
        };
        let wanted: BTreeSet<_> =
            dirs_on_the_way(config).into_iter().filter_map(|d| Some((d.clone(), identity(&d)?))).collect();
        for (dir, _) in self.dirs.difference(&wanted) {
            let _ = watcher.unwatch(dir);
        }
        let mut failure = wanted.is_empty().then(|| "its directory does not exist".to_owned());
        for (dir, _) in wanted.difference(&self.dirs) {
            if let Err(error) = watcher.watch(dir, RecursiveMode::NonRecursive) {
                failure = Some(error.to_string());
            }
        }
        self.dirs = wanted;
        failure
    }
}

/// The directory of the path, and those of every link on the way to the file.
fn dirs_on_the_way(config: &Path) -> Vec<PathBuf> {
    let mut dirs = Vec::new();
    let mut path = config.to_owned();
    for _ in 0..MOST_LINKS {
        let Some(dir) = path.parent().map(Path::to_owned) else { break };
        // A link in the middle of the path (`..data`) is swapped in the directory that holds it.
        for above in dir.ancestors().filter(|above| above.is_symlink()) {
            dirs.extend(above.parent().map(Path::to_owned));
        }
        dirs.push(dir.clone());
        match fs::read_link(&path) {
            Ok(target) => path = dir.join(target),
            Err(_) => break,
        }
    }
    dirs
}

#[cfg(unix)]
fn identity(dir: &Path) -> Option<Identity> {
    use std::os::unix::fs::MetadataExt;
    fs::metadata(dir).ok().map(|about| (about.dev(), about.ino()))
}

#[cfg(not(unix))]
fn identity(dir: &Path) -> Option<Identity> {
    fs::metadata(dir).ok().map(|_| (0, 0))
}
