//! A remark that something was decided about, as it is kept.

use domain::finding::{Category, Finding};
use domain::identity::{BLANK, Lines, Mark, Subject, Words};
use domain::path::RelPath;
use domain::text::Text;
use serde::{Deserialize, Serialize};

/// Most bytes kept of an explanation: its first sentence is what is compared.
const MAX_BODY: usize = 1000;

/// A finding, with what it is known by.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Judged {
    /// The finding's name; empty where that is not known.
    #[serde(default)]
    pub(crate) finding: String,
    pub(crate) agent: String,
    pub(crate) path: RelPath,
    pub(crate) category: Category,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) code: Option<String>,
    pub(crate) title: String,
    #[serde(default)]
    pub(crate) body: String,
    pub(crate) mark: Mark,
}

impl Judged {
    /// Of a finding whose file has `text`; without it, of the text that the finding itself keeps.
    pub(crate) fn of(finding: &Finding, text: Option<&Text>) -> Self {
        let mark = match text {
            Some(text) => Mark::of(finding, text, &Lines::of(text)),
            None => from_anchor(finding),
        };
        Self {
            finding: finding.id.0.clone(),
            agent: finding.agent.clone(),
            path: finding.path.clone(),
            category: finding.category.clone(),
            code: finding.code.clone(),
            title: finding.title.clone(),
            body: finding.body[..finding.body.floor_char_boundary(MAX_BODY)].to_owned(),
            mark,
        }
    }
    pub(crate) fn words(&self) -> Words {
        Words::of_text(&self.title, &self.body)
    }
    pub(crate) fn subject<'a>(&'a self, words: &Words) -> Subject<'a> {
        Subject {
            id: &self.finding,
            category: &self.category,
            words: words.clone(),
            mark: &self.mark,
            elsewhere: false,
        }
    }
    /// False for a remark about a whole file.
    pub(crate) fn is_placed(&self) -> bool {
        self.mark.text != BLANK
    }
}

/// The anchor has the lines of the place and two more on each side.
fn from_anchor(finding: &Finding) -> Mark {
    let anchor = &finding.anchor;
    let text = Text::new(&[&anchor.before[..], &anchor.quote, &anchor.after].concat());
    let range = domain::text::TextRange::new(
        anchor.before.len(),
        anchor.before.len() + anchor.quote.len(),
    );
    let there = Finding {
        range,
        ..finding.clone()
    };
    Mark::of(&there, &text, &Lines::of(&text))
}
