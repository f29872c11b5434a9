//! What is remembered of a root from one look to the next: which job was selected, where one read, what was filtered and
//! marked, what had been looked at. One small file per root in the user's state directory.
//!
//! Anybody may have written it: what is too large, damaged or of another root is as good as none, and nothing in it is
//! believed to exist.

use serde::{Deserialize, Serialize};
use siphasher::sip::SipHasher13;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::hash::{Hash, Hasher};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// The largest file that is read.
const MOST: u64 = 4 << 20;

/// See the module.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs)]
pub struct Session {
    /// Which root it is about.
    pub root: String,
    pub job: Option<String>,
    pub file: Option<String>,
    /// The instant of the line at the top of the screen, unless the end was followed.
    pub at: Option<(i64, u32)>,
    pub sort: String,
    pub running_only: bool,
    pub jobs: String,
    /// `prefix`, or `label=` and its name.
    pub group_by: String,
    pub folded: Vec<String>,
    /// The letters of the levels that are shown, `-` for what has none; all if it is empty.
    pub levels: String,
    pub filters: Vec<Kept>,
    /// Lines around what they leave.
    pub context: usize,
    /// What was searched for, the last one at the end.
    pub searches: Vec<String>,
    /// Errors and warnings that jobs had when they were last looked at.
    pub seen: BTreeMap<String, (u64, u64)>,
    pub marks: Vec<Marked>,
}

/// A filter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs)]
pub struct Kept {
    pub text: String,
    pub hides: bool,
    pub on: bool,
    /// How the text is meant: as a regular expression, in either case, as whole words.
    pub how: (bool, bool, bool),
}

/// A line that was marked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs)]
pub struct Marked {
    pub job: String,
    pub file: String,
    pub time: Option<(i64, u32)>,
    pub level: Option<String>,
    pub text: String,
    pub note: String,
}

/// Where sessions are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    dir: Option<PathBuf>,
}

impl Memory {
    /// In a directory, which need not exist.
    #[must_use]
    pub fn in_dir(dir: PathBuf) -> Memory {
        Memory { dir: Some(dir) }
    }

    /// Where the system wants such things to be.
    #[must_use]
    pub fn of_user() -> Memory {
        let var = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let state = var("XDG_STATE_HOME")
            .or_else(|| var("LOCALAPPDATA").filter(|_| cfg!(windows)))
            .or_else(|| Some(var("HOME")?.join(".local").join("state")));
        Memory { dir: state.filter(|dir| dir.is_absolute()).map(|dir| dir.join("logview")) }
    }

    /// Whether the viewer has never been used here, as far as anything could have been remembered.
    #[must_use]
    pub fn is_first_use(&self) -> bool {
        self.dir.as_ref().is_some_and(|dir| !dir.exists())
    }

    /// What is remembered of a root.
    #[must_use]
    pub fn load(&self, root: &Path) -> Option<Session> {
        let name = name(root);
        let file = File::open(self.path(&name)?)
            .ok()
            .filter(|file| file.metadata().is_ok_and(|about| about.is_file()))?;
        let mut text = Vec::new();
        file.take(MOST).read_to_end(&mut text).ok()?;
        serde_json::from_slice::<Session>(&text).ok().filter(|session| session.root == name)
    }

    /// Remembers it, in place of what was remembered.
    ///
    /// # Errors
    /// What the file system says; nobody is the worse for it.
    pub fn save(&self, root: &Path, mut session: Session) -> io::Result<()> {
        let name = name(root);
        let (Some(dir), Some(path)) = (&self.dir, self.path(&name)) else { return Ok(()) };
        session.root = name;
        fs::create_dir_all(dir)?;
        let mut file = tempfile::NamedTempFile::new_in(dir)?;
        file.write_all(&serde_json::to_vec(&session)?)?;
        file.persist(path).map_err(|failed| failed.error)?;
        Ok(())
    }

    fn path(&self, root: &str) -> Option<PathBuf> {
        let mut hasher = SipHasher13::new();
        root.hash(&mut hasher);
        Some(self.dir.as_ref()?.join(format!("{:016x}.json", hasher.finish())))
    }
}

/// A root by the name that it has wherever one stands.
fn name(root: &Path) -> String {
    let whole = fs::canonicalize(root).or_else(|_| std::path::absolute(root));
    whole.unwrap_or_else(|_| root.to_owned()).to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_root_is_remembered_by_itself_and_damage_is_as_good_as_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let memory = Memory { dir: Some(dir.path().join("state")) };
        let (a, b) = (dir.path().join("a"), dir.path().join("b"));
        assert!(memory.is_first_use() && memory.load(&a).is_none());
        let session = Session { job: Some("x".into()), at: Some((5, 7)), ..Session::default() };
        memory.save(&a, session.clone()).unwrap();
        let found = memory.load(&a).unwrap();
        assert_eq!((found.job, found.at), (session.job, session.at));
        assert!(memory.load(&b).is_none() && !memory.is_first_use());
        let path = memory.path(&name(&a)).unwrap();
        for damaged in ["", "{", "[1]", r#"{"root":"/elsewhere","job":"y"}"#, r#"{"seen":{"a":[-1,"x"]}}"#] {
            fs::write(&path, damaged).unwrap();
            assert!(memory.load(&a).is_none(), "{damaged}");
        }
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        assert!(memory.load(&a).is_none() && memory.save(&a, Session::default()).is_err());
        assert!(Memory::default().save(&a, Session::default()).is_ok() && !Memory::default().is_first_use());
    }
}
