//! How a finding is to be dismissed: the user is asked how far that reaches, then why.

use super::words::{CANCEL, Choice, Prompt};
use crate::commands::dismiss;
use crate::state::State;
use domain::finding::FindingId;
use domain::path::RelPath;
use domain::sanitize;
use engine::Reply;
use engine::request::{REASONS, Reach};
use serde_json::{Map, Value, json};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tower_lsp::gen_lsp_types::MessageType;

/// How long each of the two prompts waits for an answer. Emacs never says that one was closed, and agents' questions wait
/// behind it.
pub(super) const DEADLINE: Duration = Duration::from_secs(120);
/// Longest title of a finding in a prompt, in characters.
const MAX_TITLE: usize = 120;
/// Longest directory in a button, in characters.
const MAX_DIRECTORY: usize = 40;
const REACH: &str = "reach";
const REASON: &str = "reason";

/// A finding that is to be dismissed.
#[derive(Clone, Debug)]
pub(crate) struct Dismissal {
    /// Any finding of the cluster.
    pub(crate) id: FindingId,
    /// The root that it is in.
    pub(crate) root: Arc<Path>,
    /// Its file.
    pub(crate) path: RelPath,
    /// What it says.
    pub(crate) title: String,
    /// How far, where that need not be asked.
    pub(crate) reach: Option<Reach>,
    /// Why, where that need not be asked.
    pub(crate) reason: Option<String>,
}

impl Dismissal {
    /// What is asked at this place, counted from 0.
    pub(super) fn part(&self, part: usize) -> Option<&'static str> {
        let reach = self.reach.is_none().then_some(REACH);
        let reason = self.reason.is_none().then_some(REASON);
        reach.into_iter().chain(reason).nth(part)
    }

    /// The prompt for a part, after what was `chosen` before.
    pub(super) fn prompt(&self, part: usize, chosen: &Map<String, Value>) -> Option<Prompt> {
        let title = self.title();
        let (message, mut actions) = match self.part(part)? {
            REACH => {
                let message = format!("Dismiss “{title}” ({}): how far?", self.path);
                (message, self.reaches())
            }
            _ => {
                let reach = self.chosen_reach(chosen).in_words();
                (format!("Why is “{title}” dismissed {reach}?"), reasons())
            }
        };
        actions.push((CANCEL.to_owned(), Choice::Deny));
        Some(Prompt { message, actions })
    }

    /// What is said when a prompt was not answered.
    pub(super) fn unanswered(&self) -> String {
        let seconds = DEADLINE.as_secs();
        format!(
            "“{}” stays: nobody said within {seconds} seconds how it is to be dismissed.",
            self.title()
        )
    }

    fn title(&self) -> String {
        sanitize::line(&self.title, MAX_TITLE)
    }

    fn reaches(&self) -> Vec<(String, Choice)> {
        let directory = self.path.as_str().rsplit_once('/').map(|it| it.0);
        let in_directory = directory.map(|it| {
            let name = sanitize::line(it, MAX_DIRECTORY);
            (Reach::KindInDirectory, format!("This kind in {name}/"))
        });
        let near = [
            (Reach::Here, "Here".to_owned()),
            (Reach::Text, "This text everywhere".to_owned()),
            (Reach::KindInFile, "This kind in this file".to_owned()),
        ];
        // In a file of the root itself the directory is everything.
        let all = near.into_iter().chain(in_directory);
        let all = all.chain([(Reach::Kind, "This kind everywhere".to_owned())]);
        all.map(|(reach, title)| (title, Choice::Value(json!(reach))))
            .collect()
    }

    fn chosen_reach(&self, chosen: &Map<String, Value>) -> Reach {
        let chosen = chosen.get(REACH).cloned();
        let chosen = chosen.and_then(|it| serde_json::from_value(it).ok());
        self.reach.or(chosen).unwrap_or(Reach::Here)
    }
}

fn reasons() -> Vec<(String, Choice)> {
    let reasons = REASONS.map(|(reason, meaning)| (capitalized(meaning), json!(reason)));
    let none = ("No reason".to_owned(), Value::Null);
    let all = reasons.into_iter().chain([none]);
    all.map(|(title, value)| (title, Choice::Value(value)))
        .collect()
}

fn capitalized(words: &str) -> String {
    let mut chars = words.chars();
    let first = chars.next().map(|it| it.to_uppercase().to_string());
    first.unwrap_or_default() + chars.as_str()
}

/// The user answered, or the editor could not ask.
pub(super) fn settle(
    state: &mut State,
    dismissal: &Dismissal,
    reply: &Reply,
    unable: Option<String>,
) {
    let title = dismissal.title();
    match (reply, unable) {
        (_, Some(error)) => {
            // Nobody is offered what does not work here.
            state.capabilities.ask = false;
            let text = format!(
                "This editor could not ask how “{title}” is to be dismissed ({error}), so it stays. The other actions dismiss it without a reason; `crosscheck dismiss` in a terminal takes one."
            );
            state.client.show(MessageType::Warning, &text);
        }
        (Reply::Accept(chosen), None) => {
            let reach = dismissal.chosen_reach(chosen);
            let reason = chosen.get(REASON).and_then(Value::as_str);
            let reason = reason.or(dismissal.reason.as_deref());
            let answer = dismiss::dismiss(state, &dismissal.id, reach, reason);
            if answer.get("error").is_none() {
                let because = reason.map(|it| format!(" ({it})")).unwrap_or_default();
                let text = format!("“{title}” is dismissed {}{because}", reach.in_words());
                state.client.log(MessageType::Info, &text);
            }
        }
        (Reply::Allow | Reply::AllowForRun | Reply::Deny(_), None) => {
            let text = format!("“{title}” stays: the question was closed");
            state.client.log(MessageType::Info, &text);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use expect_test::expect;

    fn dismissal(path: &str) -> Dismissal {
        Dismissal {
            id: FindingId("abc".to_owned()),
            root: Path::new("/ws").into(),
            path: RelPath::try_from(path.to_owned()).unwrap(),
            title: "`add` does\nnot exist".to_owned(),
            reach: None,
            reason: None,
        }
    }

    /// All prompts, when this reach is chosen.
    fn prompts(dismissal: &Dismissal, reach: Reach) -> String {
        let chosen = Map::from_iter([(REACH.to_owned(), json!(reach))]);
        let prompts = (0..).map_while(|it| dismissal.prompt(it, &chosen));
        let lines = prompts.map(|prompt| {
            let buttons = prompt.actions.iter().map(|(title, choice)| match choice {
                Choice::Value(value) => format!("[{title} = {value}]"),
                other => format!("[{title}: {other:?}]"),
            });
            format!(
                "{}\n  {}\n",
                prompt.message,
                buttons.collect::<Vec<_>>().join("\n  ")
            )
        });
        lines.collect()
    }

    #[test]
    fn first_the_reach_then_the_reason() {
        expect![[r#"
            Dismiss “`add` does not exist” (src/deep/a.rs): how far?
              [Here = "here"]
              [This text everywhere = "text"]
              [This kind in this file = "kind-in-file"]
              [This kind in src/deep/ = "kind-in-directory"]
              [This kind everywhere = "kind"]
              [Cancel: Deny]
            Why is “`add` does not exist” dismissed for everything of this kind in this file?
              [It is wrong = "wrong"]
              [It is meant to be so = "intended"]
              [Not now = "not-now"]
              [It is a matter of taste = "style"]
              [No reason = null]
              [Cancel: Deny]
        "#]]
        .assert_eq(&prompts(&dismissal("src/deep/a.rs"), Reach::KindInFile));
    }

    #[test]
    fn a_file_of_the_root_has_no_directory_of_its_own() {
        let text = prompts(&dismissal("a.rs"), Reach::Here);
        assert!(!text.contains("kind-in-directory"), "{text}");
    }

    #[test]
    fn what_was_said_already_is_not_asked() {
        let mut dismissal = dismissal("a.rs");
        dismissal.reach = Some(Reach::Text);
        let text = prompts(&dismissal, Reach::Here);
        assert!(
            text.starts_with("Why is “`add` does not exist” dismissed for this text everywhere?"),
            "{text}"
        );
        dismissal.reason = Some("wrong".to_owned());
        assert_eq!(prompts(&dismissal, Reach::Here), "");
    }
}
