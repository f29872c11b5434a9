//! What the demo's jobs do. Each logs as a program of that kind would, and through plain `log` macros: where the
//! records go is logcore's business.

use anyhow::{Context, Result};
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use flate2::{Compression, Crc};
use log::{debug, error, info, trace, warn};
use std::fs::{self, File};
use std::io::{Read, Write, copy, sink};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// The kinds of jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Checksums and compresses.
    Pack,
    /// The same with a pause after each file, as a job with little bandwidth.
    PackSlowly,
    /// Reads text and finds what is wrong with it.
    CheckText,
    /// Unpacks an archive, which fails if it was cut off on its way.
    VerifyArchive,
    /// Takes the first bytes of each line for a title, which is no good idea: panics.
    IndexTitles,
}

/// One job's share.
#[derive(Debug)]
pub(super) struct Work {
    pub(super) kind: Kind,
    pub(super) files: Vec<PathBuf>,
    /// Where the demo may leave things.
    pub(super) scratch: PathBuf,
    /// Which job of all it is, and whether its transfers break off.
    pub(super) number: usize,
    pub(super) breaks: bool,
    /// Between two files, so that a person can follow.
    pub(super) pause: Duration,
}

const SLOW: Duration = Duration::from_millis(12);

impl Kind {
    /// What the job's id starts with.
    pub(super) fn name(self) -> &'static str {
        match self {
            Kind::Pack => "pack",
            Kind::PackSlowly => "upload",
            Kind::CheckText => "check-text",
            Kind::VerifyArchive => "verify-archive",
            Kind::IndexTitles => "index-titles",
        }
    }

    /// Whether a job of this kind has something to do with `file`.
    pub(super) fn wants(self, file: &Path) -> bool {
        let ending = file.extension().and_then(|ending| ending.to_str()).unwrap_or("");
        match self {
            Kind::Pack | Kind::PackSlowly | Kind::VerifyArchive => true,
            Kind::CheckText => {
                matches!(ending, "md" | "rs" | "toml" | "txt" | "yml" | "yaml" | "json" | "html" | "c")
            }
            Kind::IndexTitles => ending == "md",
        }
    }
}

impl Work {
    /// Does it; `false` if it ended early since `stop` said so.
    pub(super) fn run(&self, stop: &AtomicBool) -> Result<bool> {
        let began = Instant::now();
        info!("{} files to {}", self.files.len(), self.kind.name());
        let mut bytes = (0, 0);
        for (done, file) in self.files.iter().enumerate() {
            if stop.load(Ordering::Relaxed) {
                warn!("stopped after {done} of {} files", self.files.len());
                return Ok(false);
            }
            if let Some(job) = logcore::current() {
                job.progress(done as u64, self.files.len() as u64);
            }
            match self.kind {
                Kind::Pack | Kind::PackSlowly => pack(file, &mut bytes),
                Kind::CheckText => check_text(file),
                Kind::VerifyArchive => trace!("reading {}", file.display()),
                Kind::IndexTitles => index_titles(file),
            }
            if (done + 1) % 100 == 0 {
                info!("{} of {} files after {:.1?}", done + 1, self.files.len(), began.elapsed());
            }
            std::thread::sleep(if self.kind == Kind::PackSlowly { self.pause + SLOW } else { self.pause });
        }
        match self.kind {
            Kind::Pack | Kind::PackSlowly => {
                info!("packed {} into {} in {:.1?}", size(bytes.0), size(bytes.1), began.elapsed());
            }
            Kind::VerifyArchive => self.verify_archive()?,
            Kind::IndexTitles => index_titles(&self.notes()?),
            Kind::CheckText => info!("checked in {:.1?}", began.elapsed()),
        }
        Ok(true)
    }

    /// Packs files into one archive, of which a broken transfer loses the end, and unpacks it again.
    fn verify_archive(&self) -> Result<()> {
        let path = self.scratch.join(format!("backup-{}.gz", self.number));
        let mut archive = GzEncoder::new(File::create(&path)?, Compression::fast());
        for file in self.files.iter().take(40) {
            copy(&mut File::open(file)?.take(1 << 20), &mut archive)?;
        }
        let archive = archive.finish()?;
        let whole = archive.metadata()?.len();
        let arrived = if self.breaks { whole * 9 / 10 } else { whole };
        archive.set_len(arrived)?;
        info!("verifying {} ({})", short(&path), size(arrived));
        let unpacked = copy(&mut GzDecoder::new(File::open(&path)?), &mut sink());
        fs::remove_file(&path)?;
        let unpacked = unpacked.with_context(|| format!("{} is damaged", short(&path)))?;
        info!("{} is whole: {} unpacked", short(&path), size(unpacked));
        Ok(())
    }

    /// A file as people write them, with more than ASCII in it.
    fn notes(&self) -> Result<PathBuf> {
        let path = self.scratch.join("release-notes.md");
        fs::write(
            &path,
            "# Grüße aus der 开发部: was sich geändert hat, für alle, die es genau wissen wollen\n",
        )?;
        Ok(path)
    }
}

fn pack(file: &Path, total: &mut (u64, u64)) {
    match pack_file(file) {
        Ok((before, after, crc)) => {
            total.0 += before;
            total.1 += after;
            debug!("packed {} {} -> {} crc32={crc:08x}", short(file), size(before), size(after));
            if before > 4096 && after * 10 > before * 9 {
                warn!("{} does not compress: {} of {} left", short(file), size(after), size(before));
            }
        }
        Err(error) => error!("cannot pack {}: {error:#}", file.display()),
    }
}

fn pack_file(file: &Path) -> Result<(u64, u64, u32)> {
    let mut text = Vec::new();
    File::open(file)?.take(8 << 20).read_to_end(&mut text)?;
    let mut crc = Crc::new();
    crc.update(&text);
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(&text)?;
    Ok((text.len() as u64, packed.finish()?.len() as u64, crc.sum()))
}

fn check_text(file: &Path) {
    let Ok(bytes) = fs::read(file) else {
        error!("cannot read {}", file.display());
        return;
    };
    match std::str::from_utf8(&bytes) {
        Ok(text) => {
            let longest = text.lines().map(str::len).max().unwrap_or(0);
            debug!("{}: {} lines, the longest has {longest} bytes", short(file), text.lines().count());
            if longest > 300 {
                warn!("{}: a line of {}", short(file), size(longest as u64));
            }
        }
        Err(error) => {
            warn!("{}: not UTF-8 from byte {} on, taken for binary", short(file), error.valid_up_to());
        }
    }
}

fn index_titles(file: &Path) {
    const TITLE_BYTES: usize = 19;
    let Ok(text) = fs::read_to_string(file) else { return };
    if let Some(line) = text.lines().find(|line| line.starts_with("# ") && line.len() > TITLE_BYTES) {
        // The mistake that makes this job panic: a byte is not a character.
        let title = &line[2..TITLE_BYTES];
        debug!("{}: {title}", short(file));
    }
}

/// The end of a path: what tells files apart. Nobody needs to read which registry or scratch directory it was.
fn short(path: &Path) -> String {
    let parts = path.iter().rev().map(|part| part.to_string_lossy());
    let inside = |part: &std::borrow::Cow<str>| !part.starts_with("index.") && !part.starts_with('.');
    // The name itself may begin like one of those directories.
    let mut parts = parts;
    let name = parts.next();
    let parts: Vec<_> = name.into_iter().chain(parts.take_while(inside).take(2)).collect();
    parts.into_iter().rev().collect::<Vec<_>>().join("/")
}

#[cfg(test)]
#[test]
fn a_path_is_shown_from_the_package_on() {
    for (path, shown) in [
        (
            "/home/me/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/log-0.4.29/src/lib.rs",
            "log-0.4.29/src/lib.rs",
        ),
        (
            "/home/me/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/log-0.4.29/README.md",
            "log-0.4.29/README.md",
        ),
        ("./Cargo.toml", "Cargo.toml"),
        ("log-0.4.29/src/index.rs", "log-0.4.29/src/index.rs"),
        ("/tmp/.tmpA/backup-3.gz", "backup-3.gz"),
    ] {
        assert_eq!(short(Path::new(path)), shown);
    }
}

fn size(bytes: u64) -> String {
    #[allow(clippy::cast_precision_loss)] // two digits are shown
    match bytes {
        0..1024 => format!("{bytes} B"),
        1024..1_048_576 => format!("{:.1} KiB", bytes as f64 / 1024.0),
        _ => format!("{:.1} MiB", bytes as f64 / 1_048_576.0),
    }
}
