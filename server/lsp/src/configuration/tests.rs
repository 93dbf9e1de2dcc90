//! Problems, trust and watchers as the client is told of them.

#![allow(clippy::unwrap_used, clippy::expect_used)]
use super::*;
use crate::capabilities::Capabilities;
use engine::config::Config;
use engine::trust::Untrusted;

/// A state with one root, and the messages that it sends.
struct Told {
    state: State,
    root: PathBuf,
    _dir: tempfile::TempDir,
}

impl Told {
    fn new(capabilities: Capabilities) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        let (events, _) = tokio::sync::mpsc::unbounded_channel();
        let mut state = State::new(Box::new(|_| panic!("no engine is needed")), events);
        state.capabilities = capabilities;
        state.roots.add_folder(&uri::from_path(&root)).unwrap();
        Self {
            state,
            root,
            _dir: dir,
        }
    }

    fn read(
        &mut self,
        problems: Vec<Problem>,
        untrusted: Option<Untrusted>,
        files: &[&str],
    ) -> Vec<Value> {
        let files = files.iter().map(|it| self.root.join(it)).collect();
        let loaded = Loaded {
            root: self.root.clone(),
            config: Config::default(),
            problems,
            untrusted,
            files,
        };
        super::loaded(&mut self.state, loaded);
        crate::publish::flush(&mut self.state, tokio::time::Instant::now());
        let text = String::from_utf8(self.state.client.unsent().to_vec()).unwrap();
        self.state.client.advance(text.len());
        let bodies = text
            .split("Content-Length: ")
            .filter_map(|it| it.split_once("\r\n\r\n"));
        bodies
            .map(|(_, body)| serde_json::from_str(body).unwrap())
            .collect()
    }
}

fn methods(messages: &[Value]) -> Vec<&str> {
    messages
        .iter()
        .filter_map(|it| it["method"].as_str())
        .collect()
}

#[tokio::test]
async fn problems_are_shown_once_and_in_their_file() {
    let mut told = Told::new(Capabilities::default());
    std::fs::write(told.root.join("crosscheck.toml"), "[review]\nagents = 3\n").unwrap();
    let problem = Problem {
        file: Some(told.root.join("crosscheck.toml")),
        line: Some(2),
        key: Some("review.agents".to_owned()),
        message: "a list of names is needed".to_owned(),
        warning: false,
    };
    let messages = told.read(vec![problem.clone()], None, &[]);
    assert_eq!(
        methods(&messages),
        ["window/showMessage", "textDocument/publishDiagnostics"]
    );
    let message = messages[0]["params"]["message"].as_str().unwrap();
    assert!(
        message.ends_with("crosscheck.toml:2: review.agents: a list of names is needed"),
        "{message}"
    );
    let diagnostic = &messages[1]["params"]["diagnostics"][0];
    assert_eq!(
        diagnostic["range"]["end"],
        json!({"line": 1, "character": 10})
    );
    assert!(
        told.read(vec![problem], None, &[]).is_empty(),
        "the same again is not told again"
    );
    let messages = told.read(Vec::new(), None, &[]);
    assert_eq!(messages[0]["params"]["diagnostics"], json!([]));
}

#[tokio::test]
async fn trust_is_asked_for_once_per_content() {
    let mut told = Told::new(Capabilities::default());
    let untrusted = |hash: &str| Untrusted {
        hash: hash.to_owned(),
        brings: (0..7)
            .map(|it| format!("agent \"a{it}\" would start: evil"))
            .collect(),
    };
    let messages = told.read(Vec::new(), Some(untrusted("1")), &[]);
    assert_eq!(methods(&messages), ["window/showMessageRequest"]);
    assert!(
        messages[0]["params"]["message"]
            .as_str()
            .unwrap()
            .ends_with("and 2 more"),
        "{}",
        messages[0]
    );
    assert!(told.read(Vec::new(), Some(untrusted("1")), &[]).is_empty());
    assert_eq!(told.read(Vec::new(), Some(untrusted("2")), &[]).len(), 1);
    let root = told.root.clone();
    // "Not now", a closed window, and an error start no engine.
    for answer in [
        Ok(json!({"title": "Not now"})),
        Ok(Value::Null),
        Err("no".to_owned()),
    ] {
        trust_answered(&mut told.state, &root, "1", answer);
    }
}

#[tokio::test]
async fn configuration_files_are_watched_where_that_is_possible() {
    let mut told = Told::new(Capabilities {
        watch_files: true,
        watch_relative: true,
        ..Capabilities::default()
    });
    let messages = told.read(Vec::new(), None, &["crosscheck.toml", "odd[1].json"]);
    assert_eq!(methods(&messages), ["client/registerCapability"]);
    let watchers = &messages[0]["params"]["registrations"][0]["registerOptions"]["watchers"];
    assert_eq!(watchers[1]["globPattern"]["pattern"], "odd?1?.json");
    assert!(
        told.read(Vec::new(), None, &["crosscheck.toml", "odd[1].json"])
            .is_empty()
    );
    let messages = told.read(Vec::new(), None, &["crosscheck.toml"]);
    assert_eq!(
        methods(&messages),
        ["client/unregisterCapability", "client/registerCapability"]
    );
    let mut told = Told::new(Capabilities::default());
    assert!(told.read(Vec::new(), None, &["crosscheck.toml"]).is_empty());
}

#[tokio::test]
async fn what_several_roots_share_is_told_once() {
    let mut told = Told::new(Capabilities::default());
    let other = told.root.join("other");
    std::fs::create_dir(&other).unwrap();
    let in_settings = Problem {
        file: None,
        line: None,
        key: None,
        message: "unknown key".to_owned(),
        warning: true,
    };
    let messages = told.read(vec![in_settings.clone()], None, &[]);
    assert_eq!(methods(&messages), ["window/showMessage"]);
    told.state
        .roots
        .add_folder(&uri::from_path(&other))
        .unwrap();
    let first = std::mem::replace(&mut told.root, other);
    assert!(told.read(vec![in_settings.clone()], None, &[]).is_empty());
    told.root = first;
    assert!(told.read(vec![in_settings], None, &[]).is_empty());
}

#[test]
fn settings_that_are_gone_do_not_stay() {
    let mut told = Told::new(Capabilities::default());
    assert!(told.state.take_engine().is_none());
    let mut answered = |answer: Value| {
        settings_answered(&mut told.state, Ok(answer));
        told.state.settings.merged()
    };
    let settings = json!({"review": {"on_save": true}});
    assert_eq!(answered(json!([settings])), Some(settings.clone()));
    assert_eq!(answered(json!([null])), None);
    assert_eq!(answered(json!([{"crosscheck": settings}])), Some(settings));
    assert_eq!(answered(json!([{"crosscheck": null}])), None);
    for nothing in [json!(null), json!([]), json!({}), json!("x")] {
        assert_eq!(answered(nothing), None);
    }
}

#[tokio::test]
async fn a_save_before_the_configuration_is_remembered() {
    let mut told = Told::new(Capabilities::default());
    let document = uri::from_path(&told.root.join("a.rs"));
    let place = told.state.place(&document);
    told.state.documents.open(&document, 1, "teh", place);
    let saved = serde_json::from_value(json!({"textDocument": {"uri": document}})).unwrap();
    let notification = crate::event::Notification::DidSave(saved);
    assert!(told.state.take_engine().is_none());
    crate::handlers::handle(
        &mut told.state,
        crate::event::Event::Notification(notification),
    );
    let is_remembered = |told: &Told| {
        let root = told.state.roots.get(&told.root).unwrap();
        !root.saved_early.is_empty()
    };
    assert!(is_remembered(&told));
    told.read(Vec::new(), None, &[]);
    assert!(!is_remembered(&told), "the configuration decided");
}
