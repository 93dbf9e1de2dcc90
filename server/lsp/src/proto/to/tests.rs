//! What diagnostics and explanations say.

#![allow(clippy::unwrap_used, clippy::expect_used)]
use super::*;
use crate::tracked::tests::misspelling;
use domain::merge::Circumstances;
use expect_test::expect;

fn cluster(text: &Text) -> Cluster {
    let mut first = misspelling("codex", "f", text, "recieve", "receive");
    first.body = "English has `ei` after *c*.".to_owned();
    first.code = Some("en-7".to_owned());
    let mut second = misspelling("claude", "f", text, "recieve", "receive");
    second.title = "Typo".to_owned();
    second.confidence = Some(0.75);
    let findings = [first, second];
    domain::merge::merge(&findings, Circumstances::default()).remove(0)
}

#[test]
fn a_diagnostic_says_what_where_and_who() {
    let text = Text::new("😀 we recieve it");
    let client = Capabilities {
        related_information: true,
        ..Capabilities::default()
    };
    let shown = diagnostic(
        &cluster(&text),
        View {
            uri: "file:///f",
            text: &text,
            client: &client,
        },
    );
    expect![[r#"
        {
          "range": {
            "start": {
              "line": 0,
              "character": 6
            },
            "end": {
              "line": 0,
              "character": 13
            }
          },
          "severity": 2,
          "code": "spelling",
          "source": "crosscheck (claude + codex)",
          "message": "`recieve` should be `receive` [en-7] (2/2 agents)\nEnglish has `ei` after *c*.",
          "relatedInformation": [
            {
              "location": {
                "uri": "file:///f",
                "range": {
                  "start": {
                    "line": 0,
                    "character": 6
                  },
                  "end": {
                    "line": 0,
                    "character": 13
                  }
                }
              },
              "message": "claude: Typo"
            }
          ],
          "data": "codex-recieve"
        }"#]].assert_eq(&serde_json::to_string_pretty(&shown).unwrap());
}

#[test]
fn a_place_that_is_not_sure_says_so() {
    let text = Text::new("we recieve it");
    let client = Capabilities::default();
    let shown = |tier: Tier| {
        let mut cluster = cluster(&text);
        cluster.findings.truncate(1);
        cluster.findings[0].tier = tier;
        match diagnostic(
            &cluster,
            View {
                uri: "file:///f",
                text: &text,
                client: &client,
            },
        )
        .message
        {
            lsp::Message::String(message) => message.lines().last().unwrap().to_owned(),
            lsp::Message::MarkupContent(_) => panic!("this client knows no markdown"),
        }
    };
    assert_eq!(shown(Tier::Exact), "English has `ei` after *c*.");
    assert_eq!(shown(Tier::Fuzzy), "The place is approximate.");
    assert_eq!(shown(Tier::File), "The agent named no place in this file.");
}

#[test]
fn an_explanation_names_everyone() {
    let text = Text::new("we recieve it");
    expect![[r#"
        **`recieve` should be `receive`**

        English has `ei` after *c*.

        — codex · warning · spelling · `en-7`

        **Typo**

        — claude · warning · spelling · 75 % sure

        claude and codex say so · 76 % likely"#]]
    .assert_eq(&explanation(&cluster(&text)));
}

#[test]
fn plain_text_has_no_marks_that_only_keep_markdown_safe() {
    for (markdown, expected) in [
        ("use a\\[i\\] and Vec&lt;T>", "use a[i] and Vec<T>"),
        ("a \\n b", "a \\n b"),
        (
            "```rust\na\\[0\\] &lt;\n```\n\\[x\\]",
            "```rust\na\\[0\\] &lt;\n```\n[x]",
        ),
    ] {
        assert_eq!(plain(markdown), expected);
    }
}

/// What one says alone, with a check of another one.
fn checked(outcome: Option<domain::check::Outcome>) -> Cluster {
    use domain::merge::Panel;
    let text = Text::new("we recieve it");
    let mut finding = misspelling("codex", "f", &text, "recieve", "receive");
    finding.severity = Severity::Error;
    let panel = Panel {
        asked: ["codex", "claude"].map(str::to_owned).into(),
        ..Panel::default()
    };
    let check = outcome.map(|outcome| domain::check::Check {
        why: "`recieve` is no word.".to_owned(),
        ..domain::check::Check::new("claude", "anthropic", outcome)
    });
    let checks = [(finding.id.clone(), check.into_iter().collect())];
    let around = Circumstances {
        panel: &panel,
        checks: &checks.into_iter().collect(),
        ..Circumstances::default()
    };
    domain::merge::merge([&finding], around).remove(0)
}

#[test]
fn what_a_check_brought_is_told() {
    use domain::check::Outcome;
    let said = |outcome| {
        let cluster = checked(outcome);
        let message = message(&cluster, false);
        let explanation = explanation(&cluster);
        let (_, below) = explanation.split_once("\n\n— ").unwrap();
        format!("{message}\n---\n{below}")
    };
    expect![[r"
        `recieve` should be `receive`
        ---
        codex · error · spelling

        Shown as information, not error, until another agent says so, too."]]
    .assert_eq(&said(None));
    expect![[r"
        `recieve` should be `receive`
        Confirmed by claude.
        ---
        codex · error · spelling

        **claude** confirms it: `recieve` is no word."]]
    .assert_eq(&said(Some(Outcome::Confirmed)));
    expect![[r"
        `recieve` should be `receive`
        Checked by claude, and still unsure.
        ---
        codex · error · spelling

        Shown as information, not error, until another agent says so, too.

        **claude** checked it and is unsure: `recieve` is no word."]]
    .assert_eq(&said(Some(Outcome::Unsure)));
}
