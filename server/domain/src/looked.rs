//! Who looked at which part of a file, also where nothing was found.

use crate::board::Reviewed;
use crate::edit::Change;
use crate::text::TextRange;
use std::collections::BTreeMap;

/// Most separate parts remembered of one agent and file; of an agent with more, nothing is remembered.
const MAX_PARTS: usize = 1000;
/// Stands for the end of the file, wherever that is.
const END: usize = usize::MAX;

/// Who looked at which part of one file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Looked {
    /// By agent: parts in bytes of the current text, sorted, apart from each other. The last one may reach to [`END`].
    parts: BTreeMap<String, Vec<TextRange>>,
}

impl Looked {
    /// Notes that an agent looked at a part; true when that is news.
    pub fn add(&mut self, agent: &str, reviewed: &Reviewed) -> bool {
        let before = self.parts.get(agent).cloned().unwrap_or_default();
        let mut parts = match reviewed {
            Reviewed::Whole => vec![TextRange::new(0, END)],
            Reviewed::Ranges(ranges) => [before.as_slice(), ranges].concat(),
        };
        join(&mut parts);
        let is_news = parts != before;
        self.keep(agent.to_owned(), parts);
        is_news
    }

    /// Carries the parts over changes of the text. Nobody looked at what was written.
    pub fn change(&mut self, changes: &[Change]) {
        for (agent, mut parts) in std::mem::take(&mut self.parts) {
            for change in changes {
                parts = parts.into_iter().flat_map(|it| carry(it, change)).collect();
            }
            self.keep(agent, parts);
        }
    }

    /// Names of the agents that looked at some of `range`, sorted.
    pub fn at(&self, range: TextRange) -> impl Iterator<Item = &str> {
        let saw = move |parts: &[TextRange]| {
            let first = parts.partition_point(|it| it.end < range.start);
            parts[first..]
                .iter()
                .take_while(|it| it.start <= range.end)
                .any(|it| it.intersects(range))
        };
        let agents = self.parts.iter().filter(move |(_, parts)| saw(parts));
        agents.map(|(agent, _)| agent.as_str())
    }

    fn keep(&mut self, agent: String, parts: Vec<TextRange>) {
        if parts.is_empty() || parts.len() > MAX_PARTS {
            self.parts.remove(&agent);
        } else {
            self.parts.insert(agent, parts);
        }
    }
}

/// Sorts parts and joins those that overlap or touch.
fn join(parts: &mut Vec<TextRange>) {
    parts.sort_unstable();
    parts.dedup_by(|next, it| {
        let touches = next.start <= it.end;
        if touches {
            it.end = it.end.max(next.end);
        }
        touches
    });
}

/// What is left of a part: before the change, and after it.
fn carry(part: TextRange, change: &Change) -> impl Iterator<Item = TextRange> {
    let Change { range, new_len } = *change;
    let moved = |at: usize| match at {
        END => END,
        at => at - range.end + range.start + new_len,
    };
    let before = TextRange {
        start: part.start,
        end: part.end.min(range.start),
    };
    let after_start = part.start.max(range.end);
    let after = (part.end > after_start).then(|| TextRange {
        start: moved(after_start),
        end: moved(part.end),
    });
    let before = (before.start < before.end).then_some(before);
    before.into_iter().chain(after)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(looked: &Looked, start: usize, end: usize) -> String {
        let agents: Vec<&str> = looked.at(TextRange::new(start, end)).collect();
        agents.join(" ")
    }

    #[test]
    fn parts_follow_edits() {
        let mut looked = Looked::default();
        assert!(looked.add("a", &Reviewed::Whole));
        assert!(!looked.add("a", &Reviewed::Ranges(vec![TextRange::new(3, 5)])));
        assert!(looked.add("b", &Reviewed::Ranges(vec![TextRange::new(10, 20)])));
        assert!(looked.add("b", &Reviewed::Ranges(vec![TextRange::new(18, 30)])));
        assert_eq!(shown(&looked, 25, 26), "a b");
        assert_eq!(shown(&looked, 30, 31), "a");
        assert_eq!(shown(&looked, 0, 0), "a");

        // Five bytes are typed in the middle of it.
        let typed = Change {
            range: TextRange::new(15, 15),
            new_len: 5,
        };
        looked.change(&[typed]);
        assert_eq!(shown(&looked, 16, 19), "");
        assert_eq!(shown(&looked, 12, 16), "a b");
        assert_eq!(shown(&looked, 34, 35), "a b");
        assert_eq!(shown(&looked, 35, 36), "a");
    }

    #[test]
    fn too_many_parts_are_forgotten() {
        let mut looked = Looked::default();
        let parts = (0..=MAX_PARTS).map(|it| TextRange::new(it * 10, it * 10 + 1));
        looked.add("a", &Reviewed::Ranges(parts.collect()));
        assert_eq!(shown(&looked, 0, 100_000), "");
    }
}
