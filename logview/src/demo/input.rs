//! The files that the demo's jobs work on.

use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use walkdir::WalkDir;

/// With fewer files than that jobs would follow each other faster than anybody could look; whoever names a directory means it.
const LEAST_FILES: usize = 200;

/// More files than that make no better demo.
const MOST_FILES: usize = 20_000;

/// The regular files below `dir`, or below this directory and the sources that cargo keeps of its dependencies.
/// Links are not followed.
pub(super) fn files(dir: Option<&Path>) -> Result<Vec<PathBuf>> {
    let roots = match dir {
        Some(dir) => {
            std::fs::read_dir(dir)
                .with_context(|| format!("--input {}: it cannot be read", dir.display()))?;
            vec![dir.to_owned()]
        }
        None => [Some(PathBuf::from(".")), dependencies()].into_iter().flatten().collect(),
    };
    let mut files = Vec::new();
    for root in &roots {
        let own =
            |name: &str| name == "target" || name == "logs" || (name.starts_with('.') && name.len() > 1);
        let walk = WalkDir::new(root).sort_by_file_name().into_iter();
        let entries =
            walk.filter_entry(|e| e.depth() == 0 || !e.file_name().to_str().is_some_and(own)).flatten();
        let regular = entries.filter(|entry| entry.file_type().is_file()).map(walkdir::DirEntry::into_path);
        files.extend(regular.take(MOST_FILES - files.len()));
    }
    let least = if dir.is_some() { 1 } else { LEAST_FILES };
    if files.len() < least {
        let hint = "logview demo --input DIR works on a larger one";
        bail!("there is too little to work on below {}: {hint}", roots[0].display());
    }
    Ok(files)
}

/// Where cargo unpacks the sources of dependencies.
fn dependencies() -> Option<PathBuf> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| std::env::home_dir().map(|home| home.join(".cargo")))?;
    Some(home.join("registry/src")).filter(|sources| sources.is_dir())
}
