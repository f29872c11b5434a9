//! Compares two logs: reads both whole, and keeps what they say and how often.

use super::whole::Whole;
use super::{Over, TELL, tell};
use crate::model::{Compared, Message, Reach, Side};
use crate::reading::shapes::{Shapes, differences, shapes};
use crate::source::Source;
use encoding_rs::Encoding;
use std::io;
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// Compares them, and says how far it is and what it came to, unless `stop` says so.
pub(super) fn compare(
    source: &Arc<dyn Source>,
    encoding: Option<&'static Encoding>,
    (serial, sides): (u64, &[Side; 2]),
    out: &SyncSender<Message>,
    stop: &(dyn Fn() -> bool + Sync),
) -> Result<(), Over> {
    let bytes = sides.iter().map(|side| side.log.size).sum();
    let state = Mutex::new((Reach { logs: 2, bytes, ..Reach::default() }, Instant::now()));
    let started = Instant::now();
    let reach = || state.lock().unwrap_or_else(PoisonError::into_inner).0;
    let read = |count: u64| {
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        let (reach, told) = &mut *state;
        reach.read += count;
        reach.bytes = reach.bytes.max(reach.read);
        reach.took = started.elapsed();
        if told.elapsed() >= TELL {
            *told = Instant::now();
            drop(out.try_send(Message::Compared { serial, reach: *reach, found: None }));
        }
    };
    let goes_on = || !stop();
    let whole = Whole { source, encoding, goes_on: &goes_on };
    let mut both = [Shapes::default(), Shapes::default()];
    for (side, found) in sides.iter().zip(&mut both) {
        match said(source, &whole, side, &read, stop) {
            Ok(Some(said)) => *found = said,
            Ok(None) => return Ok(()),
            Err(error) => {
                let found = Some(Err(error.to_string()));
                return tell(out, Message::Compared { serial, reach: reach(), found });
            }
        }
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        state.0.done += 1;
    }
    let (records, others) = (both.each_ref().map(|of| of.records), both.each_ref().map(|of| of.others));
    let compared = Compared { differences: differences(both), records, others };
    let took = started.elapsed();
    let reach = Reach { took, bytes: reach().read, ..reach() };
    tell(out, Message::Compared { serial, reach, found: Some(Ok(Box::new(compared))) })
}

/// What one of them says; `None` if that is not wanted any more.
fn said(
    source: &Arc<dyn Source>,
    whole: &Whole,
    side: &Side,
    read: &(dyn Fn(u64) + Sync),
    stop: &(dyn Fn() -> bool + Sync),
) -> io::Result<Option<Shapes>> {
    let Some((bytes, len)) = whole.row(&side.log)? else { return Ok(None) };
    let format = source.format(&side.place()).for_bytes(&*bytes, len)?;
    let range = side.window.range(&bytes, len, &format)?;
    shapes((&*bytes, range), &format, read, stop)
}
