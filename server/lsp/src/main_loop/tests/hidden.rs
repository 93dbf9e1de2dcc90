//! The list of what is hidden: gathered from the screen and from what the ledger remembers, shown, and undone.

#![allow(clippy::unwrap_used)]
use super::*;
use domain::check::{Check, Outcome, text_key};
use domain::finding::FindingId;
use engine::request::Reach;
use engine::{Checked, Hidden, Why};
use expect_test::expect;

const TEXT: &str = "teh cat\nrecieve it\nits adress\n";

/// An editor that asks for the text of documents.
fn rich() -> Value {
    json!({
        "window": {"showDocument": {"support": true}},
        "workspace": {"textDocumentContent": {}},
    })
}

impl TestClient {
    fn of_engine(&self, event: engine::Event) {
        self.events.send(Event::Engine(event)).unwrap();
    }

    fn place(&self) -> std::path::PathBuf {
        self.dir.path().join("ws").canonicalize().unwrap()
    }

    /// The ledger remembers findings of a file as it is on disk, hidden ones with why.
    fn remembers(&self, files: Vec<FileFindings>, is_unread: bool) {
        self.of_engine(engine::Event::Findings {
            root: self.place(),
            files,
            left_out: 0,
            unread: is_unread.then(|| "it is locked".to_owned()),
        });
    }

    /// Another agent refutes a finding of a file that is open with `TEXT`.
    fn refutes(&self, path: &str, quote: &str) {
        let text = Text::new(TEXT);
        let finding = misspelling("codex", path, &text, quote, "");
        let check = Check {
            why: "It is a *name*.".to_owned(),
            ..Check::new("claude", "anthropic", Outcome::Refuted)
        };
        let checked = Checked {
            finding: FindingId(format!("codex-{quote}")),
            path: RelPath::try_from(path.to_owned()).unwrap(),
            text: text_key(&text, Some(finding.range)),
            check,
            at: std::time::SystemTime::UNIX_EPOCH,
        };
        self.of_engine(engine::Event::Checks {
            root: self.place(),
            checks: vec![checked],
        });
    }

    /// Runs `crosscheck.hidden`, after whose answer the ledger tells this; returns what is said then.
    async fn lists_hidden(&mut self, files: Vec<FileFindings>, is_unread: bool) -> Value {
        let params = json!({"command": "crosscheck.hidden", "arguments": [{}]});
        let answer = self.request("workspace/executeCommand", params).await;
        assert_eq!(answer["result"], json!({"asked": 1}));
        self.remembers(files, is_unread);
        self.receive().await
    }

    /// The text that the editor shows after that.
    async fn hidden_text(&mut self, shown: &Value) -> String {
        assert_eq!(shown["method"], "window/showDocument", "{shown}");
        assert_eq!(shown["params"]["uri"], "crosscheck:/hidden.txt");
        let params = json!({"uri": "crosscheck:/hidden.txt"});
        let answer = self.request("workspace/textDocumentContent", params).await;
        answer["result"]["text"].as_str().unwrap().to_owned()
    }
}

/// What an agent said of a file with `TEXT`: shown, and hidden.
fn said(agent: &str, path: &str, shown: &[&str], hidden: Vec<(&str, Why)>) -> FileFindings {
    let text = Text::new(TEXT);
    let finding = |quote: &str| {
        let mut it = misspelling(agent, path, &text, quote, "right");
        if !path.ends_with("a.rs") {
            it.id.0.push_str(&format!("-in-{path}"));
        }
        it
    };
    FileFindings {
        path: RelPath::try_from(path.to_owned()).unwrap(),
        agent: agent.to_owned(),
        reviewed: Reviewed::Ranges(Vec::new()),
        findings: shown.iter().map(|it| finding(it)).collect(),
        hidden: hidden
            .into_iter()
            .map(|(quote, why)| Hidden {
                finding: finding(quote),
                why,
            })
            .collect(),
        text,
        version: None,
    }
}

fn dismissed(id: i64, reason: Option<&str>) -> Why {
    Why::Dismissed {
        id,
        reach: Reach::Here,
        reason: reason.map(str::to_owned),
    }
}

#[tokio::test]
async fn everything_that_is_hidden_is_listed_with_who_hid_it_and_why() {
    let mut client = TestClient::ready(rich()).await;
    let uri = client.open("src/a.rs", TEXT).await;
    client.agent_says(
        "src/a.rs",
        TEXT,
        Some(1),
        &[("teh", "the"), ("recieve", "receive")],
    );
    client.receive().await;
    client.refutes("src/a.rs", "teh");
    let shown = client.receive().await;
    assert_eq!(shown["params"]["diagnostics"].as_array().unwrap().len(), 1);
    // What is hidden in an open file is where its text is now.
    client.change(&uri, 2, [0, 0, 0, 0], "\n\n").await;
    client.receive().await;

    let by_comment = Why::Comment {
        line: 7,
        reason: "a name".to_owned(),
    };
    let files = vec![
        said(
            "codex",
            "src/a.rs",
            &["recieve"],
            vec![("adress", dismissed(12, Some("intended")))],
        ),
        said(
            "claude",
            "src/a.rs",
            &[],
            vec![("adress", dismissed(12, Some("intended")))],
        ),
        said(
            "codex",
            "b.rs",
            &[],
            vec![
                ("teh", Why::Kind { dismissed: 3 }),
                ("recieve", Why::Baseline),
                ("adress", by_comment),
            ],
        ),
        said("codex", "c.rs", &[], vec![("teh", dismissed(0, None))]),
    ];
    let shown = client.lists_hidden(files, false).await;
    expect![[r#"
        6 findings are not shown.

        Refuted by another agent: 1
        Shown again in the editor by `crosscheck.accept` with {"id": "NAME"},
        in a terminal by `crosscheck accept NAME`.

        src/a.rs:3: `teh` should be `the`
            said by codex; refuted by claude: It is a *name*.
            name codex-teh

        Dismissed: 2
        Shown again in the editor by `crosscheck.undismiss` with {"verdict": NUMBER} or {"id": "NAME"},
        in a terminal by `crosscheck dismissed --undo NUMBER`.

        c.rs:1: `teh` should be `right`
            said by codex; dismissed here
            name codex-teh-in-c.rs
        src/a.rs:5: `adress` should be `right`
            said by claude and codex; dismissed here: intended
            name claude-adress, number 12

        Of a kind that was dismissed several times: 1
        Shown again in the editor by `crosscheck.accept` with {"id": "NAME"},
        in a terminal by `crosscheck accept NAME`.

        b.rs:1: `teh` should be `right`
            said by codex; 3 like it were dismissed
            name codex-teh-in-b.rs

        In the team's baseline, .crosscheck/baseline.json: 1
        Shown again in the editor by `crosscheck.accept` with {"id": "NAME"},
        in a terminal by `crosscheck accept NAME`.

        b.rs:2: `recieve` should be `right`
            said by codex
            name codex-recieve-in-b.rs

        Kept away by a comment in the code: 1
        Shown again when the comment is gone.

        b.rs:3: `adress` should be `right`
            said by codex; the comment is in line 8: a name
            name codex-adress-in-b.rs
    "#]]
    .assert_eq(&client.hidden_text(&shown).await);
    assert_eq!(client.end().await, ended(1));
}

#[tokio::test]
async fn where_nothing_is_hidden_that_is_said() {
    let mut client = TestClient::ready(rich()).await;
    client.open("a.rs", TEXT).await;
    let told = client.lists_hidden(Vec::new(), false).await;
    assert_eq!(told["params"]["message"], "No finding is hidden.");
    // A ledger that cannot be read is another thing.
    let told = client.lists_hidden(Vec::new(), true).await;
    let message = told["params"]["message"].as_str().unwrap();
    assert!(message.contains("could not be read"), "{message}");
    assert_eq!(client.end().await, ended(1));
}

#[tokio::test(start_paused = true)]
async fn a_ledger_that_does_not_answer_is_not_waited_for() {
    let mut client = TestClient::ready(rich()).await;
    client.open("a.rs", TEXT).await;
    client.agent_says("a.rs", TEXT, Some(1), &[("teh", "the")]);
    client.receive().await;
    client.refutes("a.rs", "teh");
    client.receive().await;
    let params = json!({"command": "crosscheck.hidden", "arguments": []});
    client.request("workspace/executeCommand", params).await;
    tokio::time::sleep(Duration::from_secs(11)).await;
    let shown = client.receive().await;
    let text = client.hidden_text(&shown).await;
    assert!(text.contains("The ledger could not be read for"), "{text}");
    assert!(text.contains("a.rs:1: `teh` should be"), "{text}");
    // What comes later is nobody's.
    client.remembers(Vec::new(), false);
    client.barrier().await;
    assert_eq!(client.end().await, ended(1));
}

#[tokio::test]
async fn a_person_has_the_last_word() {
    let mut client = TestClient::ready(rich()).await;
    client.open("a.rs", TEXT).await;
    client.agent_says("a.rs", TEXT, Some(1), &[("teh", "the")]);
    client.receive().await;
    client.refutes("a.rs", "teh");
    let hidden = client.receive().await;
    assert_eq!(hidden["params"]["diagnostics"], json!([]));
    let accept = |id: &str| json!({"command": "crosscheck.accept", "arguments": [{"id": id}]});
    client.last_id += 1;
    let request = json!({
        "jsonrpc": "2.0", "id": client.last_id, "method": "workspace/executeCommand", "params": accept("codex-teh"),
    });
    client.send(&request.to_string()).await;
    let (mut seen, mut answered) = (0, false);
    for _ in 0..2 {
        let told = client.receive().await;
        match told["params"]["diagnostics"].as_array() {
            Some(diagnostics) => seen = diagnostics.len(),
            None => answered = told["result"]["accepted"] == true,
        }
    }
    assert_eq!((seen, answered), (1, true));
    // One that was hidden has to be on the list.
    client
        .send(&json!({"jsonrpc": "2.0", "id": 77, "method": "workspace/executeCommand", "params": accept("codex-adress")}).to_string())
        .await;
    assert_eq!(client.receive().await["method"], "window/showMessage");
    assert!(client.receive().await["result"]["error"].is_string());
    let files = vec![said("codex", "a.rs", &[], vec![("adress", Why::Baseline)])];
    let shown = client.lists_hidden(files, false).await;
    client.hidden_text(&shown).await;
    let params = accept("codex-adress");
    let answer = client.request("workspace/executeCommand", params).await;
    assert_eq!(answer["result"], json!({"accepted": true}));
    assert_eq!(client.end().await, ended(1));
}
