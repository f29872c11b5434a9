//! What each thread keeps of the places that it logs from.
//!
//! A program logs from few places many times a second. Which appenders take the records of one place, and what their line
//! says before the message (level, time, job, process, thread, module, line), is then the same but for a fraction of a
//! second: it is found out once, and the fraction patched.
//!
//! A log call inside a value's `Display` finds all this in use and makes its own: no lock, no borrow that could be held
//! twice.

use super::encoder::Encoder;
use super::line::Line;
use super::moment::{Fraction, Moment};
use crate::template::Vars;
use log::Record;
use std::cell::RefCell;

/// Call sites that a thread keeps; a power of two. With lines of 300 bytes that is 20 KiB.
const SITES: usize = 32;

/// One thread's.
#[derive(Debug, Default)]
pub(crate) struct Sites {
    /// None or [`SITES`].
    kept: Vec<Site>,
    /// For records that say not where they come from, and those that go another way than their place's.
    other: Site,
}

/// What is the same for the records of one place.
#[derive(Debug, Default)]
pub(crate) struct Site {
    /// Which [`super::dispatch::Dispatch`] was asked; 0 is none.
    dispatch: u64,
    /// The line and the level in one number.
    line_and_level: u64,
    module: Address,
    file: Address,
    /// `None` if it is the module, as it mostly is.
    target: Option<String>,
    takers: Vec<Taker>,
    drafts: Vec<Draft>,
    /// Drafts beyond these are memory for later.
    drafted: usize,
}

/// Where a text stands, and its length; both are 0 where there is none. Kept of those that live as long as the process: what
/// stands at such an address is always the same text, whatever the record knows about it.
type Address = (usize, usize);

/// Who takes the records.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Taker {
    /// The appender's number.
    pub(crate) appender: u32,
    /// Which of the drafts it takes.
    pub(crate) draft: u32,
}

/// A line as an encoder writes it.
#[derive(Debug)]
pub(crate) struct Draft {
    /// The number of the first appender that has the encoder.
    pub(crate) place: u32,
    line: Line,
    /// How much of it stays from record to record, within `second`.
    kept: usize,
    second: i64,
    /// The fraction of the second in there; `None` if nothing can be kept.
    fraction: Option<Fraction>,
    /// Where its digits stand, and up to which they do.
    at: usize,
    end: usize,
}

/// The second of a draft that holds nothing.
const NEVER: i64 = i64::MIN;

thread_local!(static MINE: RefCell<Sites> = const { RefCell::new(Sites::new()) });

impl Sites {
    const fn new() -> Sites {
        Sites { kept: Vec::new(), other: Site::new() }
    }

    /// Runs `log` with what this thread keeps, or with nothing kept if that is in use further up the stack.
    #[inline]
    pub(crate) fn with<R>(log: impl Fn(&mut Sites) -> R) -> R {
        match MINE.try_with(|sites| Some(log(&mut *sites.try_borrow_mut().ok()?))) {
            Ok(Some(result)) => result,
            // In use, or the thread ends.
            _ => with_another(&log),
        }
    }

    /// Whether this thread is logging: whoever asks runs inside a value's `Display`.
    pub(crate) fn is_in_use() -> bool {
        MINE.try_with(|sites| sites.try_borrow_mut().is_err()).unwrap_or(false)
    }

    /// The place that `record` comes from, as the dispatch with that number sees it; `fill` finds out who takes its
    /// records where that is not known.
    #[inline]
    pub(crate) fn of(
        &mut self,
        dispatch: u64,
        record: &Record<'_>,
        fill: impl FnOnce(&mut Site),
    ) -> &mut Site {
        let slot = slot(dispatch, record);
        if !self.kept.get(slot).is_some_and(|site| site.is_of(dispatch, record)) {
            return self.find_out(slot, dispatch, record, fill);
        }
        &mut self.kept[slot]
    }

    #[cold]
    fn find_out(
        &mut self,
        slot: usize,
        dispatch: u64,
        record: &Record<'_>,
        fill: impl FnOnce(&mut Site),
    ) -> &mut Site {
        let Some(module) = record.module_path_static() else { return self.another(fill) };
        if record.file().is_some() && record.file_static().is_none() {
            return self.another(fill);
        }
        self.kept.resize_with(SITES, Site::new);
        let site = &mut self.kept[slot];
        site.clear();
        fill(site);
        site.dispatch = dispatch;
        site.line_and_level = line_and_level(record);
        site.module = address(Some(module));
        site.file = address(record.file());
        site.target = (!is(record.target(), site.module)).then(|| record.target().to_owned());
        site
    }

    /// One that is forgotten with the record.
    pub(crate) fn another(&mut self, fill: impl FnOnce(&mut Site)) -> &mut Site {
        self.other.clear();
        fill(&mut self.other);
        &mut self.other
    }
}

#[cold]
fn with_another<R>(log: &dyn Fn(&mut Sites) -> R) -> R {
    log(&mut Sites::new())
}

impl Site {
    const fn new() -> Site {
        Site {
            dispatch: 0,
            line_and_level: 0,
            module: (0, 0),
            file: (0, 0),
            target: None,
            takers: Vec::new(),
            drafts: Vec::new(),
            drafted: 0,
        }
    }

    #[inline]
    fn is_of(&self, dispatch: u64, record: &Record<'_>) -> bool {
        self.dispatch == dispatch
            && self.line_and_level == line_and_level(record)
            && self.module == address(record.module_path())
            && self.file == address(record.file())
            && match &self.target {
                None => is(record.target(), self.module),
                Some(target) => target == record.target(),
            }
    }

    fn clear(&mut self) {
        self.dispatch = 0;
        self.takers.clear();
        self.drafted = 0;
    }

    /// An appender takes its records, encoded as by the one with the number `place`.
    pub(crate) fn add(&mut self, appender: usize, place: u32, encoder: &Encoder, styled: bool) {
        let known = self.drafts[..self.drafted].iter().position(|draft| draft.place == place);
        let draft = known.unwrap_or_else(|| {
            if self.drafted == self.drafts.len() {
                self.drafts.push(Draft::default());
            }
            self.drafts[self.drafted].begin(place, encoder, styled);
            self.drafted += 1;
            self.drafted - 1
        });
        self.takers.push(Taker { appender: appender as u32, draft: draft as u32 });
    }

    /// Who takes its records, and as what.
    #[inline]
    pub(crate) fn parts(&mut self) -> (&[Taker], &mut [Draft]) {
        (&self.takers, &mut self.drafts[..self.drafted])
    }
}

impl Default for Draft {
    fn default() -> Draft {
        Draft { place: 0, line: Line::default(), kept: 0, second: NEVER, fraction: None, at: 0, end: 0 }
    }
}

impl Draft {
    fn begin(&mut self, place: u32, encoder: &Encoder, styled: bool) {
        self.place = place;
        self.fraction = encoder.only_fraction();
        self.second = NEVER;
        self.line.set_styled(styled);
    }

    /// Writes `record`.
    #[inline]
    pub(crate) fn write(&mut self, encoder: &Encoder, record: &Record<'_>, now: Moment, vars: &Vars) {
        match (encoder, self.fraction) {
            (Encoder::Pattern(pattern), Some(fraction)) => {
                let span = fraction.span(now);
                if self.second == now.second && self.end == span.end {
                    self.line.back_to(self.kept);
                    self.line.patch(self.at, &now.digits(), span);
                } else {
                    self.line.restart();
                    self.at = pattern.write_head(&mut self.line, record, now, vars);
                    (self.kept, self.second, self.end) = (self.line.bytes().len(), now.second, span.end);
                }
                pattern.write_tail(&mut self.line, record, now, vars);
            }
            _ => {
                self.line.restart();
                encoder.encode(&mut self.line, record, now, vars);
            }
        }
    }

    #[inline]
    pub(crate) fn bytes(&self) -> &[u8] {
        self.line.bytes()
    }
}

#[inline]
fn slot(dispatch: u64, record: &Record<'_>) -> usize {
    let line = line_and_level(record);
    ((line >> 32) ^ (line << 2) ^ dispatch) as usize % SITES
}

/// A record without a line is told from one of line 0 by a bit of its own.
#[inline]
fn line_and_level(record: &Record<'_>) -> u64 {
    let line = record.line().map_or(0, |line| (u64::from(line) << 32) | 8);
    line | record.level() as u64
}

#[inline]
fn address(text: Option<&str>) -> Address {
    text.map_or((0, 0), |text| (text.as_ptr() as usize, text.len()))
}

/// Whether `text` is the one that lives as long as the process and stands there.
#[inline]
fn is(text: &str, address: Address) -> bool {
    (text.as_ptr() as usize, text.len()) == address
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::pattern::Pattern;
    use crate::template::{Hole, Part, Text};
    use log::Level;
    use proptest::prelude::*;
    use std::collections::BTreeMap;
    use std::path::PathBuf;

    fn encoder(text: &str) -> Encoder {
        let parts = [Part::Literal("[".into()), Part::Hole(Hole::JobId), Part::Literal(text.into())];
        Encoder::Pattern(Pattern::parse(&Text(parts.to_vec()), text).unwrap())
    }

    proptest! {
        #[test]
        fn what_is_kept_is_what_would_be_written_anew(
            formats in prop::collection::vec(prop::sample::select(vec![
                "] {l} {d} {M}:{L} {m}", "] {d(%H:%M:%S%.3f)} {P}:{I} {t} {f} {m}", "] {t} {m} {d}", "] {d(%S%f %3f)} {m}",
                "] {({l} {t}):<20.18} {d(%s)(utc)} {m}", "] {l} {d(%+)} {d(%H)} {m}",
            ]), 1..3),
            records in prop::collection::vec((
                0..2_usize, 0..3_i64, prop::sample::select(vec![0, 1_000_000, 999_999_999, 120_000, 5]),
                prop::sample::select(Level::iter().collect::<Vec<_>>()), prop::option::of(0..3_u32),
                prop::sample::select(vec!["a", "b", "a::b"]), 0..2_usize,
            ), 1..60),
        ) {
            let encoders: Vec<_> = formats.iter().map(|format| encoder(format)).collect();
            let mut sites = Sites::default();
            let jobs = ["one", "two"].map(|id| Vars::new(id, PathBuf::new(), BTreeMap::new()));
            for (which, second, nanos, level, site, target, job) in records {
                let (encoder, vars) = (&encoders[which % encoders.len()], &jobs[job]);
                let now = Moment::at(second, nanos);
                let args = format_args!("message");
                let module = site.map(|_| "module");
                let mut record = Record::builder();
                record.level(level).target(target).line(site).module_path_static(module).file_static(module).args(args);
                let record = record.build();
                let dispatch = 1 + 2 * (which % encoders.len()) as u64 + job as u64;
                let kept = sites.of(dispatch, &record, |site| site.add(0, 0, encoder, false));
                let draft = &mut kept.parts().1[0];
                draft.write(encoder, &record, now, vars);
                let mut anew = Line::default();
                encoder.encode(&mut anew, &record, now, vars);
                let kept = draft.bytes();
                prop_assert_eq!(String::from_utf8_lossy(kept), String::from_utf8_lossy(anew.bytes()));
            }
        }
    }
}
