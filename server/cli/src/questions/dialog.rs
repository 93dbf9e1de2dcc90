//! The words of one question, and what is made of the lines that are typed: pure text in and out.

use super::in_words;
use crate::output::style;
use engine::{Approval, Ask, Field, Question, Reply};
use serde_json::{Map, Value};
use std::time::Duration;

/// A question under way.
pub(super) struct Dialog {
    question: Question,
    /// What was chosen in a form so far, one value for each of its first fields.
    chosen: Map<String, Value>,
}

/// What follows from a line.
#[derive(Debug, PartialEq)]
pub(super) enum Step {
    /// Ask on, after this remark.
    Next(Option<&'static str>),
    /// The answer.
    Done(Reply),
    /// The user wants to see this page.
    Open(String),
}

/// The answer to a question that the user denies.
pub(super) fn denied() -> Reply {
    Reply::Deny("the user denied it".to_owned())
}

impl Dialog {
    pub(super) fn new(question: Question) -> Self {
        Self {
            question,
            chosen: Map::new(),
        }
    }

    /// What it is about, some lines.
    pub(super) fn introduction(&self) -> String {
        let Question {
            agent,
            message,
            ask,
            ..
        } = &self.question;
        let (wants, details, says) = match ask {
            Ask::Approval(approval) => {
                let says = approval.reason.as_ref().unwrap_or(message);
                (wants(approval), details(approval), says)
            }
            Ask::Form(_) => ("wants to know".to_owned(), Vec::new(), message),
            Ask::Url(url) => (
                "wants you to open a page".to_owned(),
                vec![url.clone()],
                message,
            ),
        };
        let mut lines = vec![format!(
            "{}: {} {wants}",
            style::note("question"),
            style::strong(agent)
        )];
        lines.extend(details.iter().map(|it| format!("    {it}")));
        if !says.is_empty() {
            lines.push(format!("  it says: {says}"));
        }
        lines.join("\n")
    }

    /// The line before the cursor.
    pub(super) fn prompt(&self, left: Duration) -> String {
        let deadline = style::dim(&format!("(denied in {} without an answer)", in_words(left)));
        match &self.question.ask {
            Ask::Approval(_) => {
                let run = if self.question.can_allow_for_run() {
                    ", allow for this [r]un"
                } else {
                    ""
                };
                format!("  [a]llow{run}, [d]eny? {deadline} [d] ")
            }
            Ask::Url(_) => format!("  [o]pen it, [d]eny? {deadline} [d] "),
            Ask::Form(fields) => match self.field(fields) {
                Some(field) => {
                    let choices = field.choices.iter().enumerate();
                    let choices =
                        choices.map(|(at, (_, title))| format!("    {}) {title}\n", at + 1));
                    let default = default(field).map_or("d".to_owned(), |at| (at + 1).to_string());
                    format!(
                        "  {}\n{}  a number, or [d]eny? {deadline} [{default}] ",
                        field.title,
                        choices.collect::<String>()
                    )
                }
                None => String::new(),
            },
        }
    }

    /// Takes a line that was typed.
    pub(super) fn take(&mut self, line: &str) -> Step {
        let word = line.trim().to_lowercase();
        if matches!(word.as_str(), "d" | "deny" | "n" | "no") {
            return Step::Done(denied());
        }
        match &self.question.ask {
            Ask::Approval(_) => match word.as_str() {
                "" => Step::Done(denied()),
                "a" | "allow" => Step::Done(Reply::Allow),
                "r" | "run" if self.question.can_allow_for_run() => Step::Done(Reply::AllowForRun),
                _ => Step::Next(Some("please type one of the letters in brackets")),
            },
            Ask::Url(url) => match word.as_str() {
                "" => Step::Done(denied()),
                "o" | "open" => Step::Open(url.clone()),
                _ => Step::Next(Some("please type one of the letters in brackets")),
            },
            Ask::Form(fields) => {
                let fields = fields.clone();
                self.choose(&fields, &word)
            }
        }
    }

    fn choose(&mut self, fields: &[Field], word: &str) -> Step {
        let Some(field) = self.field(fields) else {
            return Step::Done(Reply::Accept(self.chosen.clone()));
        };
        let number = match word {
            "" => match default(field) {
                Some(at) => at + 1,
                None => return Step::Done(denied()),
            },
            word => word.parse().unwrap_or(0),
        };
        let Some((value, _)) = number.checked_sub(1).and_then(|at| field.choices.get(at)) else {
            return Step::Next(Some("please type one of the numbers"));
        };
        self.chosen.insert(field.name.clone(), value.clone());
        match self.field(fields) {
            Some(_) => Step::Next(None),
            None => Step::Done(Reply::Accept(self.chosen.clone())),
        }
    }

    /// The first field without a choice.
    fn field<'a>(&self, fields: &'a [Field]) -> Option<&'a Field> {
        fields.iter().find(|it| !self.chosen.contains_key(&it.name))
    }
}

fn default(field: &Field) -> Option<usize> {
    let default = field.default.as_ref()?;
    field.choices.iter().position(|(value, _)| value == default)
}

fn wants(approval: &Approval) -> String {
    let files = approval.files.len().saturating_add(approval.more_files);
    match (&approval.command, files, &approval.tool) {
        (Some(_), _, _) => match &approval.directory {
            Some(directory) => format!("wants to run a command in {directory}"),
            None => "wants to run a command".to_owned(),
        },
        (None, 0, Some(_)) => "wants to use a tool".to_owned(),
        (None, 0, None) => "asks for approval".to_owned(),
        (None, 1, _) => "wants to change a file".to_owned(),
        (None, files, _) => format!("wants to change {files} files"),
    }
}

/// The command, the files and the tool, a line each.
fn details(approval: &Approval) -> Vec<String> {
    let mut details: Vec<String> = approval.command.iter().cloned().collect();
    let mark = if approval.command.is_some() {
        "changes "
    } else {
        ""
    };
    details.extend(approval.files.iter().map(|it| format!("{mark}{it}")));
    if approval.more_files > 0 {
        details.push(format!("and {} more", approval.more_files));
    }
    if details.is_empty() {
        details.extend(approval.tool.clone());
    }
    details
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use engine::{QuestionId, RunId};
    use expect_test::expect;
    use serde_json::json;

    fn dialog(ask: Ask) -> Dialog {
        Dialog::new(Question {
            id: QuestionId(1),
            root: "/w".into(),
            agent: "codex".to_owned(),
            run: Some(RunId(1)),
            message: "May I?".to_owned(),
            ask,
            deadline: Duration::from_secs(120),
        })
    }

    fn shown(dialog: &Dialog) -> String {
        let text = format!(
            "{}\n{}|\n",
            dialog.introduction(),
            dialog.prompt(Duration::from_secs(119))
        );
        anstream::adapter::strip_str(&text).to_string()
    }

    fn command(text: &str) -> Ask {
        Ask::Approval(Approval {
            command: Some(text.to_owned()),
            directory: Some("/w/sub".to_owned()),
            reason: Some("to see whether it works".to_owned()),
            ..Approval::default()
        })
    }

    fn form() -> Ask {
        let choice = |value: Value, title: &str| (value, title.to_owned());
        Ask::Form(vec![
            Field {
                name: "how".to_owned(),
                title: "How deep?".to_owned(),
                choices: vec![choice(json!("s"), "shallow"), choice(json!("d"), "deep")],
                default: Some(json!("d")),
            },
            Field {
                name: "tests".to_owned(),
                title: "Tests, too?".to_owned(),
                choices: vec![choice(json!(true), "yes"), choice(json!(false), "no")],
                default: None,
            },
        ])
    }

    #[test]
    fn questions_in_words() {
        let files = |count: usize, more_files| {
            Ask::Approval(Approval {
                files: (0..count).map(|it| format!("src/f{it}.rs")).collect(),
                more_files,
                ..Approval::default()
            })
        };
        let tool = Ask::Approval(Approval {
            tool: Some("search".to_owned()),
            ..Approval::default()
        });
        let page = Ask::Url("https://example.org/login".to_owned());
        let asks = [
            command("npm test"),
            files(1, 0),
            files(2, 3),
            tool,
            Ask::Approval(Approval::default()),
            page,
            form(),
        ];
        let all: Vec<String> = asks.into_iter().map(|it| shown(&dialog(it))).collect();
        expect![[r#"
            question: codex wants to run a command in /w/sub
                npm test
              it says: to see whether it works
              [a]llow, allow for this [r]un, [d]eny? (denied in 119 s without an answer) [d] |

            question: codex wants to change a file
                src/f0.rs
              it says: May I?
              [a]llow, allow for this [r]un, [d]eny? (denied in 119 s without an answer) [d] |

            question: codex wants to change 5 files
                src/f0.rs
                src/f1.rs
                and 3 more
              it says: May I?
              [a]llow, [d]eny? (denied in 119 s without an answer) [d] |

            question: codex wants to use a tool
                search
              it says: May I?
              [a]llow, allow for this [r]un, [d]eny? (denied in 119 s without an answer) [d] |

            question: codex asks for approval
              it says: May I?
              [a]llow, [d]eny? (denied in 119 s without an answer) [d] |

            question: codex wants you to open a page
                https://example.org/login
              it says: May I?
              [o]pen it, [d]eny? (denied in 119 s without an answer) [d] |

            question: codex wants to know
              it says: May I?
              How deep?
                1) shallow
                2) deep
              a number, or [d]eny? (denied in 119 s without an answer) [2] |
        "#]]
        .assert_eq(&all.join("\n"));
    }

    #[test]
    fn answers() {
        let unclear = || Step::Next(Some("please type one of the letters in brackets"));
        for (ask, line, expected) in [
            (command("x"), "\n", Step::Done(denied())),
            (command("x"), "d\n", Step::Done(denied())),
            (command("x"), "no\r\n", Step::Done(denied())),
            (command("x"), " A \n", Step::Done(Reply::Allow)),
            (command("x"), "r\n", Step::Done(Reply::AllowForRun)),
            (command("x"), "o\n", unclear()),
            (command("x"), "aa\n", unclear()),
            (Ask::Approval(Approval::default()), "r\n", unclear()),
            (Ask::Url("https://a".to_owned()), "\n", Step::Done(denied())),
            (Ask::Url("https://a".to_owned()), "a\n", unclear()),
            (
                Ask::Url("https://a".to_owned()),
                "o\n",
                Step::Open("https://a".to_owned()),
            ),
            (form(), "d\n", Step::Done(denied())),
            (
                form(),
                "3\n",
                Step::Next(Some("please type one of the numbers")),
            ),
            (
                form(),
                "0\n",
                Step::Next(Some("please type one of the numbers")),
            ),
        ] {
            assert_eq!(dialog(ask.clone()).take(line), expected, "{ask:?} {line:?}");
        }
    }

    #[test]
    fn a_form_is_gone_through_field_by_field() {
        let mut dialog = dialog(form());
        assert_eq!(dialog.take("\n"), Step::Next(None));
        assert!(dialog.prompt(Duration::ZERO).contains("Tests, too?"));
        let Step::Done(Reply::Accept(chosen)) = dialog.take("2\n") else {
            panic!("all is chosen");
        };
        assert_eq!(Value::from(chosen), json!({ "how": "d", "tests": false }));
    }
}
