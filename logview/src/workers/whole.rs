//! A log as the one row of bytes that it would be on the screen, for whoever reads it without a screen: with the files that
//! the main one does not hold the records of, and with what was rotated away.

use super::older::{Belonging, MOST, Wanted};
use crate::model::SoughtLog;
use crate::reading::{One, Shown, Together};
use crate::source::{Bytes, Place, Source};
use encoding_rs::Encoding;
use std::io;
use std::sync::Arc;

/// See the module.
pub(super) struct Whole<'a> {
    pub(super) source: &'a Arc<dyn Source>,
    pub(super) encoding: Option<&'static Encoding>,
    /// Whether it is still wanted; may wait.
    pub(super) goes_on: &'a dyn Fn() -> bool,
}

impl Whole<'_> {
    /// The row and its length; `None` if it is not wanted any more.
    pub(super) fn row(&self, log: &SoughtLog) -> io::Result<Option<(Arc<dyn Bytes>, u64)>> {
        let live = log.place();
        let files = Belonging::new(Arc::clone(self.source));
        let (source, stale) = (&**self.source, || !(self.goes_on)());
        let wanted = Wanted { places: vec![live.clone()], with: log.with.clone() };
        let mut shown = if files.holds_all(&wanted, log.is_live) {
            Shown::One(One::new(live.clone(), self.encoding))
        } else {
            let (with, apart) = files.needed(&wanted)?;
            let places = std::iter::once(log.live.clone()).chain(with);
            let places = places.map(|file| Place { job: log.job.clone(), file });
            Shown::Many(Together::new(
                places.map(|place| (place.clone(), source.format(&place))).collect(),
                apart,
            ))
        };
        shown.check(source)?;
        if let Shown::One(one) = &mut shown
            && log.has_parts
        {
            let (packed, mut plain) = files.parts(&live, MOST, &stale);
            let mut parts = files.unpacked(packed, &stale);
            parts.append(&mut plain);
            one.put_above(&parts)?;
        }
        while shown.is_behind() {
            if stale() {
                return Ok(None);
            }
            shown.check(source)?;
        }
        if stale() {
            return Ok(None);
        }
        shown.bytes().ok_or_else(|| io::ErrorKind::NotFound.into()).map(Some)
    }
}
