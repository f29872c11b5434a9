//! `policy:` of a rolling file: when a file rolls, and what becomes of its parts.

use super::{Result, path, unknown_kind};
use crate::engine::roll::{Form, Interval, Trigger, Unit};
use crate::template::fields::{Fields, Reader, split_unit};
use crate::template::plan::{RollPlan, RollerPlan};
use crate::template::text::Part;
use crate::template::yaml::Node;

pub(super) fn policy(read: Reader<'_>, node: &Node<'_>) -> Result<RollPlan> {
    let mut fields = Fields::of(node, "a mapping with `trigger` and `roller`")?;
    if let Some(kind_node) = fields.take("kind") {
        let kind = read.name(&kind_node, "a kind")?;
        if kind != "compound" {
            return Err(unknown_kind(&kind_node, &kind, "policy", &["compound"]));
        }
    }
    let trigger = trigger(read, &fields.need("trigger", "trigger: { kind: size, limit: 10mb }")?)?;
    let roller = roller(read, &fields.need("roller", "roller: { kind: delete }")?)?;
    fields.finish()?;
    Ok(RollPlan { trigger, roller })
}

fn trigger(read: Reader<'_>, node: &Node<'_>) -> Result<Trigger> {
    let mut fields = Fields::of(node, "a mapping with `kind`")?;
    let kind_node = fields.need("kind", "kind: size")?;
    let kind = read.name(&kind_node, "a kind")?;
    let trigger = match kind.as_str() {
        "size" => Trigger::Size(read.size(&fields.need("limit", "limit: 10mb")?)?),
        "time" => Trigger::Time {
            interval: interval(read, &fields.need("interval", "interval: 1 day")?)?,
            modulate: fields.take("modulate").map_or(Ok(false), |node| read.boolean(&node))?,
            max_random_delay: fields
                .take("max_random_delay")
                .map_or(Ok(0), |node| read.integer(&node, "a number of seconds"))?,
        },
        "onstartup" => Trigger::OnStartup {
            min_size: fields
                .take("min_size")
                .map_or(Ok(1), |node| read.integer(&node, "a number of bytes"))?,
        },
        _ => return Err(unknown_kind(&kind_node, &kind, "trigger", &["size", "time", "onstartup"])),
    };
    fields.finish()?;
    Ok(trigger)
}

fn interval(read: Reader<'_>, node: &Node<'_>) -> Result<Interval> {
    let text = read.plain(node, "an interval such as 1 day")?;
    let (digits, unit) = split_unit(&text);
    let unit = match unit.to_ascii_lowercase().as_str() {
        "" | "second" | "seconds" => Some(Unit::Second),
        "minute" | "minutes" => Some(Unit::Minute),
        "hour" | "hours" => Some(Unit::Hour),
        "day" | "days" => Some(Unit::Day),
        "week" | "weeks" => Some(Unit::Week),
        "month" | "months" => Some(Unit::Month),
        "year" | "years" => Some(Unit::Year),
        _ => None,
    };
    let count = digits.parse::<u32>().ok().filter(|count| *count > 0);
    count.zip(unit).map(|(count, unit)| Interval { count, unit }).ok_or_else(|| {
        let help = "write a number from 1 and second, minute, hour, day, week, month or year, as in `1 day`";
        node.error(&text, format!("`{text}` is no interval"), help)
    })
}

fn roller(read: Reader<'_>, node: &Node<'_>) -> Result<RollerPlan> {
    let mut fields = Fields::of(node, "a mapping with `kind`")?;
    let kind_node = fields.need("kind", "kind: fixed_window")?;
    let kind = read.name(&kind_node, "a kind")?;
    let roller = match kind.as_str() {
        "delete" => RollerPlan::Delete,
        "fixed_window" => {
            let at = fields.need("pattern", "pattern: \"${job_dir}/debug.log.{}\"")?;
            let mut pieces = path(read, &at)?.split("{}");
            if pieces.len() < 2 {
                return Err(at.error("", "the pattern has no `{}`", "put `{}` where the number goes"));
            }
            let mut form = Form::Plain;
            // The template says how; a job's id that happens to end like that does not.
            if let Some(Part::Literal(end) | Part::Value(end)) =
                pieces.last_mut().and_then(|piece| piece.0.last_mut())
            {
                let (found, plain) = Form::of(end);
                (form, *end) = (found, plain.to_owned());
            }
            RollerPlan::FixedWindow {
                pieces,
                form,
                base: fields.take("base").map_or(Ok(0), |node| read.integer(&node, "a number from 0"))?,
                count: window(read, &fields.need("count", "count: 5")?)?,
            }
        }
        _ => return Err(unknown_kind(&kind_node, &kind, "roller", &["delete", "fixed_window"])),
    };
    fields.finish()?;
    Ok(roller)
}

/// How many old files are kept; each is renamed at each roll.
fn window(read: Reader<'_>, node: &Node<'_>) -> Result<u32> {
    const LARGEST: u32 = 10_000;
    let count = read.integer(node, "a number of files")?;
    if count > LARGEST {
        return Err(node.error(
            "",
            format!("{count} old files to rename at each roll"),
            "give 10,000 at the most",
        ));
    }
    Ok(count)
}
