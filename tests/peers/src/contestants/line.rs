//! The line of the shipped pattern, for peers whose users write their own formatter. The process id is asked for once
//! per process: kinder to them than what most users write.

use chrono::{DateTime, Local};
use std::fmt::{self, Display, Formatter};
use std::sync::LazyLock;

static PID: LazyLock<u32> = LazyLock::new(std::process::id);

/// One record, without its line break.
pub struct Line<'a> {
    pub level: &'a dyn Display,
    pub now: DateTime<Local>,
    pub job: &'a str,
    pub module: Option<&'a str>,
    pub line: Option<u32>,
    pub message: &'a dyn Display,
}

impl Display for Line<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "[{}] [{}] [{}] [{}:{}] - [{}] [line:{}]: {}",
            self.level,
            self.now.format("%+"),
            self.job,
            *PID,
            thread_id::get(),
            self.module.unwrap_or("???"),
            self.line.unwrap_or(0),
            self.message
        )
    }
}
