//! Findings whose text the user touched: whether the remark is settled, and whether undo brought it back.
//!
//! A fix may arrive as one replacement or as the few characters in which the old and the new text differ, and so
//! may its undo. So what counts is not how the text was edited but what stands there now.

use domain::edit::Change;
use domain::finding::Finding;
use domain::text::{Text, TextRange};

/// A finding as it was before its text was touched, and where that text went.
#[derive(Clone, Debug)]
pub(crate) struct Tracked {
    /// The finding in the coordinates of that moment.
    pub(crate) finding: Finding,
    /// Where its text, whatever became of it, stands now.
    extent: TextRange,
    /// Where the text that its fix replaces stands now.
    fix_extent: Option<TextRange>,
    /// Whether the ledger was told that it is settled.
    pub(crate) resolved: bool,
    /// Whether its text stands, and a comment in the code keeps it away.
    pub(crate) is_ignored: bool,
}

/// What stands where a finding was.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Verdict {
    /// What its fix would put there.
    Settled,
    /// The text that the finding is about; the finding, with its place now.
    Intact(Box<Finding>),
    /// Something else.
    Open,
}

impl Tracked {
    /// Begins to track a finding; `None` for one that stands for no text of its own.
    pub(crate) fn new(finding: &Finding) -> Option<Self> {
        let is_held =
            !finding.range.is_empty() && finding.anchor.quote.len() == finding.range.len();
        is_held.then(|| Self {
            extent: finding.range,
            fix_extent: finding.fix.as_ref().map(|it| it.range),
            finding: finding.clone(),
            resolved: false,
            is_ignored: false,
        })
    }

    /// Follows a change of the text.
    pub(crate) fn follow(&mut self, change: Change) {
        self.extent = stretch(self.extent, change);
        self.fix_extent = self.fix_extent.map(|it| stretch(it, change));
    }

    /// Looks what stands there now.
    pub(crate) fn verdict(&self, text: &Text) -> Verdict {
        if let (Some(fix), Some(extent)) = (&self.finding.fix, self.fix_extent)
            && text.slice(extent) == fix.new_text
        {
            return Verdict::Settled;
        }
        let quote = &self.finding.anchor.quote;
        match text.slice(self.extent).find(quote.as_str()) {
            Some(at) => {
                let start = self.extent.start + at;
                Verdict::Intact(Box::new(moved(
                    &self.finding,
                    TextRange::new(start, start + quote.len()),
                )))
            }
            None => Verdict::Open,
        }
    }
}

/// Where a range is after a change; one that the change touches takes in all of the new text.
fn stretch(range: TextRange, change: Change) -> TextRange {
    let shift = |offset: usize| offset - change.range.len() + change.new_len;
    if change.range.end < range.start {
        TextRange::new(shift(range.start), shift(range.end))
    } else if change.range.start > range.end {
        range
    } else {
        TextRange::new(
            range.start.min(change.range.start),
            shift(range.end.max(change.range.end)),
        )
    }
}

/// The finding at another place. A fix that reaches beyond its text is given up: nothing is known of the rest.
fn moved(finding: &Finding, to: TextRange) -> Finding {
    let from = finding.range;
    let mut finding = Finding {
        range: to,
        ..finding.clone()
    };
    finding.fix = finding
        .fix
        .filter(|it| it.range.start >= from.start && it.range.end <= from.end)
        .map(|mut it| {
            it.range = TextRange::new(
                it.range.start - from.start + to.start,
                it.range.end - from.start + to.start,
            );
            it
        });
    finding
}

#[cfg(test)]
pub(crate) mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use domain::anchor::Anchor;
    use domain::edit::TextEdit;
    use domain::finding::{Category, FindingId, Severity};
    use domain::locate::Tier;

    /// A misspelling of `agent` at the only place where `word` stands in `text`, with its fix.
    pub(crate) fn misspelling(
        agent: &str,
        path: &str,
        text: &Text,
        word: &str,
        right: &str,
    ) -> Finding {
        let start = text.to_string().find(word).unwrap();
        let range = TextRange::new(start, start + word.len());
        Finding {
            id: FindingId(format!("{agent}-{word}")),
            agent: agent.to_owned(),
            provider: agent.to_owned(),
            path: serde_json::from_value(path.into()).unwrap(),
            range,
            tier: Tier::Exact,
            severity: Severity::Warning,
            category: Category::Spelling,
            code: None,
            title: format!("`{word}` should be `{right}`"),
            body: String::new(),
            confidence: None,
            fix: Some(TextEdit {
                range,
                new_text: right.to_owned(),
            }),
            anchor: Anchor {
                quote: word.to_owned(),
                ..Anchor::default()
            },
        }
    }

    /// Applies edits (old text, new text; both unique) and says what stands there after each.
    fn after(text: &str, word: &str, right: &str, edits: &[(&str, &str)]) -> Vec<String> {
        let mut text = Text::new(text);
        let mut tracked = Tracked::new(&misspelling("a", "f", &text, word, right)).unwrap();
        let describe = |(old, new): &(&str, &str)| {
            let start = text.to_string().find(old).unwrap();
            tracked.follow(text.replace(TextRange::new(start, start + old.len()), new));
            match tracked.verdict(&text) {
                Verdict::Intact(it) => format!(
                    "intact {} {:?}",
                    text.slice(it.range),
                    it.fix.map(|it| it.range)
                ),
                Verdict::Settled => "settled".to_owned(),
                Verdict::Open => "open".to_owned(),
            }
        };
        edits.iter().map(describe).collect()
    }

    #[test]
    fn a_fix_settles_and_undo_brings_it_back() {
        let intact = "intact recieve Some(TextRange { start: 2, end: 9 })";
        let text = "I recieve it";
        // The whole word, the differing letters, and a line around it, as different clients send them.
        for (edit, undo) in [
            (("recieve", "receive"), ("receive", "recieve")),
            (("ie", "ei"), ("ei", "ie")),
            (
                ("I recieve it", "I receive it"),
                ("I receive it", "I recieve it"),
            ),
        ] {
            let seen = after(text, "recieve", "receive", &[edit, undo]);
            let settled = if edit.0.contains(' ') {
                "open"
            } else {
                "settled"
            };
            assert_eq!(seen, [settled, intact], "{edit:?}");
        }
        assert_eq!(
            after(text, "recieve", "receive", &[("I ", "So I ")]),
            ["intact recieve Some(TextRange { start: 5, end: 12 })"]
        );
    }

    #[test]
    fn letters_at_the_edge_count() {
        assert_eq!(
            after("a teh b", "teh", "the", &[("eh", "he"), ("he", "eh")])[0],
            "settled"
        );
        assert_eq!(
            after("a recive b", "recive", "receive", &[("iv", "eiv")]),
            ["settled"]
        );
        assert_eq!(
            after(
                "two foo x",
                "foo",
                "foos",
                &[("foo", "foos"), ("foos", "foo")]
            ),
            ["settled", "intact foo Some(TextRange { start: 4, end: 7 })"]
        );
        assert_eq!(
            after("two foo x", "foo", "bar", &[("foo", "foos")]),
            ["intact foo Some(TextRange { start: 4, end: 7 })"]
        );
        assert_eq!(after("x x!", "x x", "x", &[(" x!", " yx!")]), ["open"]);
        assert_eq!(after("x x!", "x x", "x", &[(" x!", "!")]), ["open"]);
        assert_eq!(after("gone", "gone", "", &[("gone", "")]), ["settled"]);
    }
}
