//! The user's configuration, read whenever it is saved. A look a second costs one stat, and works for files that do not
//! exist yet, behind links and on any file system.

use super::{Shared, spawn};
use crate::config::{Config, Refused};
use crate::model::Message;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::SyncSender;
use std::thread;
use std::time::{Duration, SystemTime};

const LOOK: Duration = Duration::from_secs(1);

/// The largest file that is read.
const MOST: u64 = 1 << 20;

/// A configuration that is looked at again and again.
#[derive(Debug)]
pub(crate) struct ConfigFile {
    path: PathBuf,
    stamp: Option<(u64, Option<SystemTime>)>,
    text: Option<String>,
}

impl ConfigFile {
    /// Nothing of it has been read yet.
    pub(crate) fn new(path: PathBuf) -> ConfigFile {
        ConfigFile { path, stamp: None, text: None }
    }

    /// What it says, if that is something new. No file says as much as an empty one.
    pub(crate) fn look(&mut self) -> Option<Result<Config, Refused>> {
        let stamp = fs::metadata(&self.path).ok().map(|about| (about.len(), about.modified().ok()));
        let young = |at: SystemTime| at.elapsed().is_ok_and(|age| age < 3 * LOOK);
        if stamp == self.stamp && !stamp.and_then(|(_, at)| at).is_some_and(young) && self.text.is_some() {
            return None;
        }
        let text = match stamp {
            Some(_) => read(&self.path)?,
            None => String::new(),
        };
        self.stamp = stamp;
        if self.text.as_ref() == Some(&text) {
            return None;
        }
        let config = Config::parse(&self.path.display().to_string(), &text);
        self.text = Some(text);
        Some(config)
    }
}

/// Its text; what cannot be read just now is looked at again.
fn read(path: &Path) -> Option<String> {
    let mut bytes = Vec::new();
    File::open(path).ok()?.take(MOST).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

pub(super) fn start(mut file: ConfigFile, shared: &Arc<Shared>, out: &SyncSender<Message>) {
    let (tell, stop) = (out.clone(), Arc::clone(shared));
    spawn("configuration", out, move || {
        while !stop.quit.load(Ordering::Relaxed) {
            thread::sleep(LOOK);
            let Some(config) = file.look() else { continue };
            if tell.send(Message::Configured(Box::new(config))).is_err() {
                break;
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_new_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config.yaml");
        let mut file = ConfigFile::new(path.clone());
        assert_eq!(file.look(), Some(Ok(Config::default())), "no file says as much as an empty one");
        assert_eq!(file.look(), None);
        fs::write(&path, "wrap: true\n").unwrap();
        assert!(file.look().unwrap().unwrap().wrap);
        fs::write(&path, "wrap: maybe\n").unwrap();
        assert!(file.look().unwrap().is_err());
        assert_eq!(file.look(), None);
        fs::remove_file(&path).unwrap();
        assert_eq!(file.look(), Some(Ok(Config::default())));
    }
}
