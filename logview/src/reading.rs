//! The reading engine: lines, records, index and search over bytes at offsets, without any terminal code.
//!
//! A place in a file is a byte offset, never a line number, so that the middle of a file of any size is as near as
//! its ends. Everything is read in blocks with `pread`; nothing is mapped, and memory does not grow with the file.
//! How a file is followed by name stands in [`follow`]; what a line looks like on the screen stands elsewhere.
//!
//! ```
//! use logview::reading::{Anchor, Followed, Lines, Sieve, page::page};
//! use logview::source::{Local, Place};
//!
//! let root = tempfile::tempdir()?;
//! std::fs::create_dir(root.path().join("import-42"))?;
//! std::fs::write(root.path().join("import-42/debug.log"), "[INFO] one\n[ERROR] two\n\tat main.rs:3\n")?;
//!
//! let mut file = Followed::new(Place { job: "import-42".into(), file: "debug.log".into() });
//! file.check(&Local::new(root.path()))?; // looks again: it has grown, rolled, or was cut
//! let (bytes, len) = file.bytes().expect("it is there");
//! let mut lines = Lines::new(bytes, len);
//! let last = page(&mut lines, (Anchor::End, 2, 0), Sieve::ALL, &|| false)?.lines;
//! assert_eq!(last[0].text, b"[ERROR] two");
//! assert_eq!(last[1].level, Some(log::Level::Error)); // of its record
//! # std::io::Result::Ok(())
//! ```

pub mod abreast;
pub mod detect;
pub mod filters;
pub mod follow;
pub mod format;
pub mod head;
pub mod hits;
pub mod index;
pub mod interleaved;
mod joined;
pub mod kept;
pub mod lines;
pub mod merged;
pub mod page;
mod rare;
pub mod recoded;
pub mod search;
pub mod seek;
pub mod shapes;
pub mod spots;
pub mod spread;
pub mod summary;
pub mod sweep;
pub mod times;
mod together;
pub mod unpacked;
pub mod window;

pub use abreast::Abreast;
pub use filters::{Filter, Filters};
pub use follow::{Change, Followed};
pub use format::Format;
pub use head::{Head, head};
pub use hits::Hits;
pub use index::{Index, Totals};
pub use interleaved::Interleaved;
pub use kept::Shelf;
pub use lines::Lines;
pub use page::{Anchor, Levels, Line, Page, Sieve};
pub use search::Pattern;
pub use spots::Spots;
pub use spread::Spread;
pub use summary::Summary;
pub use together::{One, Shown, Together};
pub use window::Window;
