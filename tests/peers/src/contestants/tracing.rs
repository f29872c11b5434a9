//! tracing with tracing-appender: one subscriber per job, current on its thread; three layers, each with its level,
//! its file and a formatter that writes the pattern. Directly, or through `non_blocking` writers that do not drop.

use super::{Channel, FILES, Host, line::Line};
use crate::work::{each, record};
use anyhow::Result;
use chrono::Local;
use std::fmt::{self, Display, Formatter};
use std::ops::Range;
use std::path::Path;
use tracing::{Dispatch, Event, Level, Subscriber, level_filters::LevelFilter};
use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::writer::BoxMakeWriter;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{Layer, Registry, layer::SubscriberExt};

struct Tracing {
    queued: bool,
}

struct Own {
    dispatch: Dispatch,
    guards: Vec<WorkerGuard>,
}

#[derive(Clone)]
struct Pattern(String);

pub fn direct(_: &Path) -> Result<Box<dyn Host>> {
    Ok(Box::new(Tracing { queued: false }))
}

pub fn queued(_: &Path) -> Result<Box<dyn Host>> {
    Ok(Box::new(Tracing { queued: true }))
}

impl Host for Tracing {
    fn open(&self, dir: &Path, job: &str) -> Result<Box<dyn Channel>> {
        let mut layers: Vec<Box<dyn Layer<Registry> + Send + Sync>> = Vec::new();
        let mut guards = Vec::new();
        let levels = [LevelFilter::DEBUG, LevelFilter::INFO, LevelFilter::ERROR];
        for ((name, _), level) in FILES.into_iter().zip(levels) {
            let file = tracing_appender::rolling::never(dir, format!("{name}.log"));
            let writer = if self.queued {
                let (writer, guard) = NonBlockingBuilder::default().lossy(false).finish(file);
                guards.push(guard);
                BoxMakeWriter::new(writer)
            } else {
                BoxMakeWriter::new(file)
            };
            let layer =
                tracing_subscriber::fmt::layer().with_ansi(false).event_format(Pattern(job.to_owned()));
            layers.push(layer.with_writer(writer).with_filter(level).boxed());
        }
        let dispatch = Dispatch::new(tracing_subscriber::registry().with(layers));
        Ok(Box::new(Own { dispatch, guards }))
    }
}

impl Channel for Own {
    fn records(&self, range: Range<u64>, times: Option<&mut Vec<u32>>) {
        macro_rules! say {
            ($level:ident, $($message:tt)+) => { tracing::$level!($($message)+) };
        }
        tracing::dispatcher::with_default(&self.dispatch, || each(range, times, |index| record!(index, say)));
    }

    fn close(self: Box<Self>) -> Result<()> {
        // A guard's end waits for its thread, for a while.
        drop(self.guards);
        Ok(())
    }
}

impl<S, N> FormatEvent<S, N> for Pattern
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut out: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let about = event.metadata();
        let (level, module, line): (&Level, _, _) = (about.level(), about.module_path(), about.line());
        write!(out, "{}", Line { level, now: Local::now(), job: &self.0, module, line, message: &Nothing })?;
        context.format_fields(out.by_ref(), event)?;
        writeln!(out)
    }
}

/// The message follows by itself.
struct Nothing;

impl Display for Nothing {
    fn fmt(&self, _: &mut Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}
