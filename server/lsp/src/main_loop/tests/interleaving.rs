//! Any order of edits, answers and closings: the text is the client's, and what is shown stands in it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::needless_pass_by_value
)]
use super::*;
use crate::event::Request;
use crate::runs::{NewRun, Task, What};
use domain::text::{Encoding, Position, TextRange};
use engine::request::Scope;
use engine::{RunEvent, RunId};
use proptest::prelude::*;
use proptest::sample::Index;
use std::sync::Arc;
use tokio::sync::oneshot;

const FILES: [&str; 2] = ["a.rs", "b ä.rs"];
const WORDS: [(&str, &str); 3] = [("teh", "the"), ("recieve", "receive"), ("wrod", "word")];
const RUN: RunId = RunId(1);

/// Something that happens to one of the files.
#[derive(Clone, Debug)]
enum Step {
    /// It is opened, perhaps once more, perhaps by another spelling of its name.
    Open(String, i32, bool),
    /// A range is replaced; the numbers choose it.
    Change(Index, Index, String),
    /// The client sends all of it.
    ChangeAll(String),
    /// It is closed; the disk has what the editor had, or another text.
    Close(Option<String>),
    /// Somebody else writes it.
    Write(String),
    /// An agent answers for one of the texts that the file ever had.
    Answer(Index, u8),
    /// The time of a turn's end has come.
    Flush,
}

fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("teh"),
        Just("recieve"),
        Just("wrod"),
        Just("the"),
        Just(" "),
        Just("ä"),
        Just("漢"),
        Just("😀"),
        Just("\n"),
        Just("\r\n"),
        Just("x"),
    ];
    prop::collection::vec(piece, 0..8).prop_map(|it| it.concat())
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (text(), 0..4, any::<bool>()).prop_map(|(text, version, odd)| Step::Open(text, version, odd)),
        6 => (any::<Index>(), any::<Index>(), text()).prop_map(|(from, to, new)| Step::Change(from, to, new)),
        1 => text().prop_map(Step::ChangeAll),
        2 => prop::option::of(text()).prop_map(Step::Close),
        1 => text().prop_map(Step::Write),
        4 => (any::<Index>(), any::<u8>()).prop_map(|(text, words)| Step::Answer(text, words)),
        2 => Just(Step::Flush),
    ]
}

/// The client's view of one file.
#[derive(Default)]
struct File {
    /// The names by which it is open, with the text under each.
    open: BTreeMap<String, (i32, String)>,
    /// Every text that it had, with the revision that it had as an open document.
    history: Vec<(Option<i32>, String)>,
}

/// A server, and a client that knows what it told.
struct World {
    state: State,
    root: Arc<Path>,
    files: [File; 2],
    encoding: Encoding,
    /// What the editor shows, by URI.
    screen: BTreeMap<String, Value>,
    _dir: tempfile::TempDir,
}

impl World {
    fn new(encoding: Encoding) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (events, _) = mpsc::unbounded_channel();
        let mut state = State::new(Box::new(|_| panic!("no engine is needed")), events);
        // What the engine would remember of the files is not the subject here.
        assert!(state.take_engine().is_none());
        state.lifecycle = Lifecycle::Initialized;
        state.capabilities.encoding = encoding;
        state.capabilities.action_literals = true;
        state.capabilities.document_changes = true;
        state
            .roots
            .add_folder(&crate::uri::from_path(dir.path()))
            .unwrap();
        let root = Arc::clone(&state.roots.iter().next().unwrap().path);
        let task = Task {
            root: Arc::clone(&root),
            what: What::Review(Scope::Files(Vec::new())),
            agents: Vec::new(),
            instructions: None,
            author: None,
            occasion: engine::Occasion::Asked,
        };
        let new = NewRun {
            task,
            subject: String::new(),
            revisions: Vec::new(),
            is_explicit: false,
        };
        state.runs.start(RUN, new, &mut state.client, false);
        let mut world = Self {
            state,
            root,
            files: Default::default(),
            encoding,
            screen: BTreeMap::new(),
            _dir: dir,
        };
        world.write(0, "");
        world.write(1, "");
        world
    }

    fn uri(&self, file: usize, is_odd: bool) -> String {
        let uri = crate::uri::from_path(&self.root.join(FILES[file]));
        if is_odd {
            uri.replace(".rs", "%2Ers")
        } else {
            uri
        }
    }

    fn write(&mut self, file: usize, text: &str) {
        std::fs::write(self.root.join(FILES[file]), text).unwrap();
        self.files[file].history.push((None, text.to_owned()));
        let uri = self.uri(file, false);
        let changes = json!([{"uri": uri, "type": 2}]);
        self.tell(
            "workspace/didChangeWatchedFiles",
            json!({"changes": changes}),
        );
    }

    fn tell(&mut self, method: &str, params: Value) {
        let params = serde_json::value::to_raw_value(&params).unwrap();
        match front::notification(method, Some(&params)) {
            Told::Event(event) => react(&mut self.state, event),
            other => panic!("{method}: {other:?}"),
        }
    }

    fn step(&mut self, file: usize, step: &Step) {
        match step {
            Step::Open(text, version, is_odd) => {
                let uri = self.uri(file, *is_odd);
                let document =
                    json!({"uri": uri, "languageId": "x", "version": version, "text": text});
                self.tell("textDocument/didOpen", json!({"textDocument": document}));
                self.note(file, &uri, *version, text.clone());
            }
            Step::Change(from, to, new) => {
                for (uri, (version, old)) in self.files[file].open.clone() {
                    let text = Text::new(&old);
                    let offset = |it: &Index| text.char_boundary(it.index(text.len() + 1));
                    let range =
                        TextRange::new(offset(from).min(offset(to)), offset(from).max(offset(to)));
                    let range = to_lsp(&text, range, self.encoding);
                    let expected = apply(&old, &range, new, self.encoding);
                    self.change(
                        file,
                        &uri,
                        version + 1,
                        json!({"range": range, "text": new}),
                        expected,
                    );
                }
            }
            Step::ChangeAll(new) => {
                for (uri, (version, _)) in self.files[file].open.clone() {
                    self.change(file, &uri, version + 1, json!({"text": new}), new.clone());
                }
            }
            Step::Close(disk) => {
                let Some((uri, (_, text))) = self.files[file].open.pop_first() else {
                    return;
                };
                self.write(file, disk.as_ref().unwrap_or(&text));
                self.tell(
                    "textDocument/didClose",
                    json!({"textDocument": {"uri": uri}}),
                );
            }
            Step::Write(text) => self.write(file, text),
            Step::Answer(index, words) => self.answer(file, index, *words),
            Step::Flush => self.flush(),
        }
    }

    fn change(&mut self, file: usize, uri: &str, version: i32, change: Value, expected: String) {
        let params =
            json!({"textDocument": {"uri": uri, "version": version}, "contentChanges": [change]});
        self.tell("textDocument/didChange", params);
        self.note(file, uri, version, expected);
    }

    fn note(&mut self, file: usize, uri: &str, version: i32, text: String) {
        let it = &mut self.files[file];
        it.open.insert(uri.to_owned(), (version, text.clone()));
        // Agents are shown a file under one of its names only.
        let document = self.state.documents.get(uri).unwrap();
        if document.place.is_ok() {
            it.history.push((Some(document.revision), text));
        }
    }

    fn answer(&mut self, file: usize, index: &Index, words: u8) {
        let (revision, text) = index.get(&self.files[file].history).clone();
        let text = Text::new(&text);
        let content = text.to_string();
        let said = WORDS
            .iter()
            .enumerate()
            .filter(|(number, word)| words >> number & 1 == 1 && content.contains(word.0));
        let findings = said
            .map(|(_, word)| misspelling("codex", FILES[file], &text, word.0, word.1))
            .collect();
        let file = FileFindings {
            path: RelPath::try_from(FILES[file].to_owned()).unwrap(),
            agent: "codex".to_owned(),
            reviewed: Reviewed::Whole,
            findings,
            hidden: Vec::new(),
            text,
            version: revision,
        };
        let event = RunEvent::Findings(file);
        react(
            &mut self.state,
            Event::Engine(engine::Event::Run { run: RUN, event }),
        );
    }

    /// Ends a turn long after the last edit, and takes in what the server says.
    fn flush(&mut self) {
        publish::flush(&mut self.state, Instant::now() + Duration::from_secs(1));
        let mut decoder = Decoder::default();
        decoder
            .space()
            .extend_from_slice(self.state.client.unsent());
        let count = self.state.client.unsent().len();
        self.state.client.advance(count);
        while let Some(Frame::Body(range)) = decoder.next().unwrap() {
            let message: Value = serde_json::from_slice(decoder.body(range)).unwrap();
            assert_eq!(
                message["method"], "textDocument/publishDiagnostics",
                "{message}"
            );
            let uri = message["params"]["uri"].as_str().unwrap().to_owned();
            self.screen.insert(uri, message["params"].clone());
        }
        self.check();
    }

    fn check(&mut self) {
        let mut expected = BTreeMap::new();
        for (file, name) in FILES.iter().enumerate() {
            let names = self.files[file].open.clone();
            for (uri, (version, text)) in &names {
                let document = self.state.documents.get(uri).unwrap();
                assert_eq!(
                    (&document.text.to_string(), document.version),
                    (text, *version),
                    "{uri}"
                );
            }
            let path = RelPath::try_from((*name).to_owned()).unwrap();
            let shown_as = self
                .state
                .documents
                .at(&self.root, &path)
                .map(|it| it.uri.clone());
            assert_eq!(
                shown_as.is_some(),
                !names.is_empty(),
                "an open file can be reviewed under one name"
            );
            let (uri, version, text) = match &shown_as {
                Some(uri) => (uri.clone(), Some(names[uri].0), names[uri].1.clone()),
                None => (
                    self.uri(file, false),
                    None,
                    std::fs::read_to_string(self.root.join(name)).unwrap(),
                ),
            };
            let root = self.state.roots.get_mut(&self.root).unwrap();
            let clusters = root.findings.clusters(&path).to_vec();
            let text = Text::new(&text);
            for cluster in &clusters {
                let finding = cluster.primary();
                assert_eq!(
                    text.clamp(cluster.range),
                    cluster.range,
                    "it stands in the text"
                );
                if finding.fix.is_some() {
                    assert_eq!(
                        text.slice(cluster.range),
                        finding.anchor.quote,
                        "a fix is for its word only"
                    );
                }
            }
            let ranges: Vec<Value> = clusters
                .iter()
                .map(|it| to_lsp(&text, it.range, self.encoding))
                .collect();
            if !ranges.is_empty() {
                expected.insert(uri.clone(), (ranges, version));
            }
            for uri in names.keys() {
                self.check_actions(uri, &text, shown_as.as_ref() == Some(uri));
            }
        }
        let shown = self.screen.iter().filter_map(|(uri, it)| {
            let diagnostics = it["diagnostics"].as_array()?;
            let ranges: Vec<Value> = diagnostics.iter().map(|it| it["range"].clone()).collect();
            (!ranges.is_empty()).then(|| (uri.clone(), ranges))
        });
        let wanted = expected.iter().map(|(uri, it)| (uri.clone(), it.0.clone()));
        assert_eq!(
            shown.collect::<BTreeMap<_, _>>(),
            wanted.collect(),
            "the screen shows what is known"
        );
        for (uri, (_, version)) in &expected {
            let told = self.screen[uri]["version"].as_i64();
            // What is the same in a newer version, or after closing, is not told again.
            assert!(
                version.is_none_or(|it| told.is_some_and(|told| told <= i64::from(it))),
                "{told:?} {version:?}"
            );
        }
    }

    /// Every fix offered replaces exactly a misspelt word, every comment stands on a line of its own.
    fn check_actions(&mut self, uri: &str, text: &Text, is_shown: bool) {
        let range = to_lsp(text, TextRange::new(0, text.len()), self.encoding);
        let params = json!({"textDocument": {"uri": uri}, "range": range, "context": {"diagnostics": [], "only": ["quickfix", "source.fixAll"]}});
        let (reply, mut answer) = oneshot::channel();
        let request = Request::CodeAction(serde_json::from_value(params).unwrap(), reply);
        react(&mut self.state, Event::Request(request));
        let actions = serde_json::to_value(answer.try_recv().unwrap().unwrap()).unwrap();
        for action in actions.as_array().unwrap() {
            let Some(edits) = action["edit"]["documentChanges"][0]["edits"].as_array() else {
                continue;
            };
            assert!(is_shown, "findings belong to one name of a file: {action}");
            for edit in edits {
                let old = text.slice(from_lsp(text, &edit["range"], self.encoding));
                let new = edit["newText"].as_str().unwrap();
                let is_comment = old.is_empty()
                    && edit["range"]["start"]["character"] == 0
                    && new.trim() == "// crosscheck: ignore spelling"
                    && new.ends_with('\n');
                assert!(
                    is_comment || WORDS.contains(&(&*old, new)),
                    "{old:?} would become {new:?}"
                );
            }
        }
    }
}

pub(super) fn to_lsp(text: &Text, range: TextRange, encoding: Encoding) -> Value {
    let (start, end) = text.positions_of(range, encoding);
    let position = |it: Position| json!({"line": it.line, "character": it.character});
    json!({"start": position(start), "end": position(end)})
}

pub(super) fn from_lsp(text: &Text, range: &Value, encoding: Encoding) -> TextRange {
    let number = |it: &Value| u32::try_from(it.as_u64().unwrap()).unwrap();
    let position = |it: &Value| Position {
        line: number(&it["line"]),
        character: number(&it["character"]),
    };
    text.range_of(position(&range["start"]), position(&range["end"]), encoding)
}

/// The edit as a client does it, on a plain string.
pub(super) fn apply(old: &str, range: &Value, new: &str, encoding: Encoding) -> String {
    let offset = |position: &Value| {
        let (line, character) = (
            position["line"].as_u64().unwrap(),
            position["character"].as_u64().unwrap(),
        );
        let mut start = 0;
        for _ in 0..line {
            start += old[start..].find('\n').unwrap() + 1;
        }
        let mut units = 0;
        for (at, it) in old[start..].char_indices() {
            if units >= character {
                return start + at;
            }
            units += match encoding {
                Encoding::Utf8 => it.len_utf8(),
                Encoding::Utf16 => it.len_utf16(),
                Encoding::Utf32 => 1,
            } as u64;
        }
        old.len()
    };
    let (start, end) = (offset(&range["start"]), offset(&range["end"]));
    format!("{}{new}{}", &old[..start], &old[end..])
}

proptest! {
    #[test]
    fn what_is_shown_stands_in_the_clients_text(
        steps in prop::collection::vec((0..FILES.len(), step()), 1..40),
        encoding in prop_oneof![Just(Encoding::Utf8), Just(Encoding::Utf16), Just(Encoding::Utf32)],
    ) {
        let mut world = World::new(encoding);
        for (file, step) in &steps {
            world.step(*file, step);
        }
        world.flush();
    }
}
