//! The list in groups: jobs of one label or of one beginning of their ids under a heading that folds.
//!
//! What is selected is always a job. A folded group is one line, which stands for the job of it that needs a look first.

use super::job::Job;
use std::collections::{BTreeSet, HashMap, HashSet};

/// What the jobs of a group have in common.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Grouping {
    /// There are no groups.
    #[default]
    None,
    /// What their ids begin with.
    Prefix,
    /// The value of a label.
    Label(String),
}

/// A group of the list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Group {
    pub name: String,
    pub jobs: usize,
    pub live: usize,
    pub bad: usize,
    pub errors: u64,
    pub warnings: u64,
    /// Whether a job of it has errors that nobody has looked at.
    pub new: bool,
    pub folded: bool,
}

/// A line of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// The heading of an open group, by its number.
    Heading(usize),
    /// A folded group, by its number, and the row of the job that it stands for.
    Folded(usize, usize),
    /// A job, by its row.
    Job(usize),
}

impl Line {
    /// The row of the job that it is or stands for.
    #[must_use]
    pub fn row(self) -> Option<usize> {
        match self {
            Line::Heading(_) => None,
            Line::Folded(_, row) | Line::Job(row) => Some(row),
        }
    }
}

impl Grouping {
    /// How many labels can be grouped by in turn.
    const LABELS: usize = 6;

    /// The next way of grouping: by prefix, by each label that there is, not at all.
    #[must_use]
    pub fn next<'j>(&self, jobs: impl Iterator<Item = &'j Job>) -> Grouping {
        let labels = jobs.flat_map(|job| job.run.iter().flat_map(|run| &run.labels)).map(|(name, _)| name);
        let labels: BTreeSet<&String> = labels.collect();
        let mut names = labels.into_iter().take(Self::LABELS);
        let next = match self {
            Grouping::None => return Grouping::Prefix,
            Grouping::Prefix => names.next(),
            Grouping::Label(now) => names.find(|name| *name > now),
        };
        next.map_or(Grouping::None, |name| Grouping::Label(name.clone()))
    }

    /// What the title says.
    #[must_use]
    pub fn word(&self) -> Option<&str> {
        match self {
            Grouping::None => None,
            Grouping::Prefix => Some("prefix"),
            Grouping::Label(name) => Some(name),
        }
    }

    /// The name of a job's group.
    #[must_use]
    pub fn of(&self, job: &Job) -> String {
        match self {
            Grouping::None => String::new(),
            Grouping::Prefix => prefix(&job.name).to_owned(),
            Grouping::Label(wanted) => {
                let mut labels = job.run.iter().flat_map(|run| &run.labels);
                labels.find(|(name, _)| name == wanted).map_or("without", |(_, value)| value).to_owned()
            }
        }
    }
}

/// What an id has in common with those of the same kind: its parts before the first one with a digit.
pub(super) fn prefix(id: &str) -> &str {
    const BETWEEN: &[char] = &['-', '_', '.', ':', '/', ' '];
    let mut end = 0;
    for part in id.split_inclusive(BETWEEN) {
        if part.contains(|c: char| c.is_ascii_digit()) {
            break;
        }
        end += part.len();
    }
    let shared = id[..end].trim_end_matches(BETWEEN);
    if shared.is_empty() { id } else { shared }
}

/// The groups of jobs that stand in this order, the group of the first one first, and the lines that they make. Of a
/// folded group only one job stays in the order: the selected one, else the first.
pub(super) fn lines(
    all: &[Job],
    order: &mut Vec<usize>,
    grouping: &Grouping,
    folded: &HashSet<String>,
    selected: Option<usize>,
    is_new: impl Fn(&Job) -> bool,
) -> (Vec<Group>, Vec<Line>) {
    if *grouping == Grouping::None {
        return (Vec::new(), (0..order.len()).map(Line::Job).collect());
    }
    let mut groups: Vec<Group> = Vec::new();
    let mut members: Vec<Vec<usize>> = Vec::new();
    let mut numbers: HashMap<String, usize> = HashMap::new();
    for &at in order.iter() {
        let job = &all[at];
        let name = grouping.of(job);
        let number = *numbers.entry(name.clone()).or_insert_with(|| {
            groups.push(Group { folded: folded.contains(&name), name, ..Group::default() });
            members.push(Vec::new());
            groups.len() - 1
        });
        let group = &mut groups[number];
        group.jobs += 1;
        group.live += usize::from(job.state.is_live());
        group.bad += usize::from(job.state.is_bad());
        group.errors += job.errors;
        group.warnings += job.warnings;
        group.new |= is_new(job);
        members[number].push(at);
    }
    order.clear();
    let mut lines = Vec::new();
    for (number, members) in members.iter().enumerate() {
        if groups[number].folded {
            lines.push(Line::Folded(number, order.len()));
            order.extend(members.iter().find(|&&at| Some(at) == selected).or(members.first()));
            continue;
        }
        lines.push(Line::Heading(number));
        for &at in members {
            lines.push(Line::Job(order.len()));
            order.push(at);
        }
    }
    (groups, lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_ends_before_the_first_part_with_a_digit() {
        for (id, wanted) in [
            ("import-0817-0042", "import"),
            ("check-text-001", "check-text"),
            ("mailer-7f3a", "mailer"),
            ("server", "server"),
            ("42", "42"),
            ("-x", "-x"),
            ("a.b_c/9", "a.b_c"),
            ("", ""),
        ] {
            assert_eq!(prefix(id), wanted, "{id}");
        }
    }
}
