//! Any order of typing, proposals and applying: what the editor is asked to do replaces what the agent saw and nothing
//! else, and no keystroke is lost.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::needless_pass_by_value
)]
use super::interleaving::{apply, from_lsp, to_lsp};
use super::*;
use crate::runs::{NewRun, Task, What};
use domain::proposal::{FileAction, FileChange, Proposal, ProposalId};
use domain::text::{Encoding, TextRange};
use engine::{RunEvent, RunId};
use proptest::prelude::*;
use proptest::sample::Index;
use std::collections::VecDeque;
use std::sync::Arc;

const FILE: &str = "ä b.rs";
const RUN: RunId = RunId(1);
/// Lines of the file at the beginning. Each is there once.
const LINES: usize = 12;

/// Something that happens.
#[derive(Clone, Debug)]
enum Step {
    /// The user types at a place; the number chooses what.
    Type(Index, u8),
    /// The user deletes a few characters.
    Delete(Index, usize),
    /// The user goes back to an earlier text, which is sent as a whole.
    Undo(Index),
    /// The server learns of one more change.
    Sync,
    /// An agent proposes to change some lines of some text that there was.
    Propose(Index, Vec<(usize, u8)>),
    /// The user applies the newest proposal, or one part of it; the server may know all that was typed, or not.
    Apply(Option<Index>, bool),
    /// The file is closed, all of it saved, and opened again.
    Reopen,
    /// Time passes.
    Wait,
}

fn step() -> impl Strategy<Value = Step> {
    let lines = prop::collection::vec((0..LINES, any::<u8>()), 1..5);
    prop_oneof![
        6 => (any::<Index>(), any::<u8>()).prop_map(|(at, what)| Step::Type(at, what)),
        2 => (any::<Index>(), 1..12usize).prop_map(|(at, count)| Step::Delete(at, count)),
        1 => any::<Index>().prop_map(Step::Undo),
        4 => Just(Step::Sync),
        2 => (any::<Index>(), lines).prop_map(|(text, lines)| Step::Propose(text, lines)),
        4 => (prop::option::of(any::<Index>()), prop::bool::weighted(0.7))
            .prop_map(|(part, is_known)| Step::Apply(part, is_known)),
        1 => Just(Step::Reopen),
        1 => Just(Step::Wait),
    ]
}

/// How an editor treats an edit of a version that it has no more.
#[derive(Clone, Copy, Debug)]
enum Manner {
    /// It refuses it.
    Honest,
    /// It says that it applied it.
    Liar,
}

/// An editor with one file, and the server.
struct World {
    state: State,
    root: Arc<Path>,
    encoding: Encoding,
    manner: Manner,
    /// What the user sees.
    text: String,
    version: i32,
    /// Changes that the server was not told yet.
    unsent: VecDeque<(Value, String)>,
    /// The texts that the server had, with their revisions.
    history: Vec<(i32, String)>,
    /// What the user typed, in order; each is there once.
    typed: Vec<String>,
    proposals: Vec<Arc<Proposal>>,
    warnings: Vec<String>,
    _dir: tempfile::TempDir,
}

impl World {
    fn new(encoding: Encoding, manner: Manner, line_end: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (events, _) = mpsc::unbounded_channel();
        let mut state = State::new(Box::new(|_| panic!("no engine is needed")), events);
        assert!(state.take_engine().is_none());
        state.lifecycle = Lifecycle::Initialized;
        state.capabilities.encoding = encoding;
        state.capabilities.document_changes = true;
        state.capabilities.apply_edit = true;
        state
            .roots
            .add_folder(&crate::uri::from_path(dir.path()))
            .unwrap();
        let root = Arc::clone(&state.roots.iter().next().unwrap().path);
        let task = Task {
            root: Arc::clone(&root),
            what: What::Ask {
                title: String::new(),
                targets: Vec::new(),
            },
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
        let lines = (0..LINES).map(|it| format!("😀 line {it} ä{line_end}"));
        let text: String = lines.collect();
        let mut world = Self {
            state,
            root,
            encoding,
            manner,
            text,
            version: 0,
            unsent: VecDeque::new(),
            history: Vec::new(),
            typed: Vec::new(),
            proposals: Vec::new(),
            warnings: Vec::new(),
            _dir: dir,
        };
        world.open();
        world
    }

    fn uri(&self) -> String {
        crate::uri::from_path(&self.root.join(FILE))
    }

    fn open(&mut self) {
        std::fs::write(self.root.join(FILE), &self.text).unwrap();
        self.version = 1;
        let document =
            json!({"uri": self.uri(), "languageId": "x", "version": 1, "text": self.text});
        self.tell("textDocument/didOpen", json!({"textDocument": document}));
        self.note(&self.text.clone());
    }

    fn tell(&mut self, method: &str, params: Value) {
        let params = serde_json::value::to_raw_value(&params).unwrap();
        match front::notification(method, Some(&params)) {
            Told::Event(event) => react(&mut self.state, event),
            other => panic!("{method}: {other:?}"),
        }
    }

    fn note(&mut self, text: &str) {
        let document = self.state.documents.get(&self.uri()).unwrap();
        assert_eq!(document.text.to_string(), text, "the server has the text");
        self.history.push((document.revision, text.to_owned()));
    }

    /// A change in the editor; the server learns of it later.
    fn change(&mut self, range: Option<TextRange>, new: &str) {
        let old = Text::new(&self.text);
        let change = match range {
            Some(range) => {
                let range = to_lsp(&old, range, self.encoding);
                self.text = apply(&self.text, &range, new, self.encoding);
                json!({"range": range, "text": new})
            }
            None => {
                self.text = new.to_owned();
                json!({"text": new})
            }
        };
        self.version += 1;
        let params = json!({
            "textDocument": {"uri": self.uri(), "version": self.version}, "contentChanges": [change],
        });
        self.unsent.push_back((params, self.text.clone()));
    }

    fn sync(&mut self) -> bool {
        let Some((params, text)) = self.unsent.pop_front() else {
            return false;
        };
        self.tell("textDocument/didChange", params);
        self.note(&text);
        true
    }

    /// A place between two characters, not inside of a line end.
    fn place(&self, index: &Index) -> usize {
        let text = Text::new(&self.text);
        let at = text.char_boundary(index.index(self.text.len() + 1));
        let is_inside = self.text[..at].ends_with('\r') && self.text[at..].starts_with('\n');
        at + usize::from(is_inside)
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Type(at, what) => {
                let at = self.place(at);
                let number = self.typed.len();
                let token = match what % 4 {
                    0 => format!("«u{number}»"),
                    1 => format!("«u{number}»\n"),
                    2 => format!("\r\n«u{number}»"),
                    _ => format!("«u{number}» 漢\n\n"),
                };
                self.change(Some(TextRange::new(at, at)), &token);
                self.typed.push(format!("«u{number}»"));
            }
            Step::Delete(at, count) => {
                let at = self.place(at);
                let rest = self.text[at..].chars().take(*count);
                let end = at + rest.map(char::len_utf8).sum::<usize>();
                self.change(Some(TextRange::new(at, end)), "");
            }
            Step::Undo(index) => {
                let (_, text) = index.get(&self.history).clone();
                self.change(None, &text);
            }
            Step::Sync => drop(self.sync()),
            Step::Propose(index, lines) => self.propose(index, lines),
            Step::Apply(part, is_known) => {
                while *is_known && self.sync() {}
                self.apply(part.as_ref());
            }
            Step::Reopen => {
                self.unsent.clear();
                std::fs::write(self.root.join(FILE), &self.text).unwrap();
                let document = json!({"textDocument": {"uri": self.uri()}});
                self.tell("textDocument/didClose", document);
                self.open();
            }
            Step::Wait => self.wait(),
        }
        self.check();
    }

    fn propose(&mut self, index: &Index, lines: &[(usize, u8)]) {
        let (revision, old) = index.get(&self.history).clone();
        let number = self.proposals.len();
        let mut new = String::new();
        for line in old.split_inclusive('\n') {
            let wanted = lines
                .iter()
                .find(|(it, _)| line.contains(&format!(" line {it} ")));
            match wanted {
                Some((_, kind)) if kind % 3 == 0 => {}
                Some((it, kind)) if kind % 3 == 1 => {
                    new.push_str(&format!("agent {number} before {it}\n"));
                    new.push_str(line);
                }
                Some((it, _)) => {
                    let end = line.trim_start_matches(|it| it != '\r' && it != '\n');
                    new.push_str(&format!("agent {number} for {it} 漢😀{end}"));
                }
                None => new.push_str(line),
            }
        }
        let path = RelPath::try_from(FILE.to_owned()).unwrap();
        let Some(change) = FileChange::edit(path.clone(), Text::new(&old), &Text::new(&new)) else {
            return;
        };
        let proposal = Arc::new(Proposal {
            id: ProposalId(format!("p{number}")),
            agent: "codex".to_owned(),
            provider: "openai".to_owned(),
            title: "change".to_owned(),
            summary: String::new(),
            findings: Vec::new(),
            files: vec![change],
            check: None,
            problems: Vec::new(),
            usage: None,
        });
        self.proposals.push(Arc::clone(&proposal));
        let event = RunEvent::Proposed {
            proposal,
            versions: [(path, revision)].into(),
        };
        let event = engine::Event::Run { run: RUN, event };
        react(&mut self.state, Event::Engine(event));
        self.read();
    }

    fn apply(&mut self, part: Option<&Index>) {
        let Some(proposal) = self.proposals.last().cloned() else {
            return;
        };
        let part = part.map(|it| it.index(proposal.parts().count()) + 1);
        let argument = json!({"id": proposal.id, "parts": part.map(|it| vec![it])});
        let answer = crate::commands::run(&mut self.state, "crosscheck.apply", argument).unwrap();
        let Some(request) = self.read() else {
            assert!(answer["error"].is_string(), "{answer}");
            return;
        };
        let edits = &request["params"]["edit"]["documentChanges"][0];
        let is_current = edits["textDocument"]["version"] == self.version;
        let result = if is_current {
            self.check_edits(edits, &proposal);
            let before = self.text.clone();
            // From the last to the first, as they all are told against the same text.
            let mut after = self.text.clone();
            for edit in edits["edits"].as_array().unwrap().iter().rev() {
                let new = edit["newText"].as_str().unwrap();
                after = apply(&after, &edit["range"], new, self.encoding);
            }
            self.change(None, &after);
            self.check_typed(&before, &proposal);
            json!({"applied": true})
        } else {
            json!({"applied": matches!(self.manner, Manner::Liar)})
        };
        // Some tell of the change before they answer, and some after.
        let is_early = self.version % 2 == 0;
        if is_early {
            while self.sync() {}
        }
        let id = request["id"].as_i64().unwrap();
        let event = Event::Response {
            id,
            result: Ok(result),
        };
        react(&mut self.state, event);
        while self.sync() {}
        let before = self.warnings.len();
        self.wait();
        if is_current {
            assert_eq!(self.warnings[before..], [] as [String; 0]);
        } else {
            // Unless what the editor had not told yet brought it back: an undo may.
            let held = self.state.proposals.get(&proposal.id).unwrap();
            let applied = held.numbers(crate::proposals::PartState::Applied);
            let asked = answer["applying"].as_array().unwrap();
            let is_there = asked
                .iter()
                .all(|it| applied.iter().any(|applied| it == applied));
            let is_told = self.warnings.len() == before + 1;
            assert!(is_told || is_there, "{:?}", self.warnings);
        }
        assert!(!self.state.proposals.is_busy(&proposal.id));
    }

    /// Each edit replaces what the agent saw, between the lines that the agent saw.
    fn check_edits(&self, edits: &Value, proposal: &Proposal) {
        let FileAction::Edit { base, hunks, .. } = &proposal.files[0].action else {
            panic!("it is an edit");
        };
        let text = Text::new(&self.text);
        for edit in edits["edits"].as_array().unwrap() {
            let range = from_lsp(&text, &edit["range"], self.encoding);
            let is_right = hunks.iter().any(|hunk| {
                hunk.edits.iter().any(|it| {
                    let before = base.slice(TextRange::new(hunk.range.start, it.range.start));
                    let after = base.slice(TextRange::new(it.range.end, hunk.range.end));
                    it.new_text == edit["newText"].as_str().unwrap()
                        && text.slice(range) == base.slice(it.range)
                        && self.text[..range.start].ends_with(&*before)
                        && self.text[range.end..].starts_with(&*after)
                })
            });
            assert!(is_right, "{edit} in {:?} of {proposal:#?}", self.text);
        }
    }

    /// What the user typed since the agent began is still there.
    fn check_typed(&self, before: &str, proposal: &Proposal) {
        let base = proposal.files[0].base().unwrap().to_string();
        let own = self.typed.iter().filter(|it| !base.contains(it.as_str()));
        for token in own.filter(|it| before.contains(it.as_str())) {
            assert!(self.text.contains(token.as_str()), "{token} is lost");
        }
    }

    fn wait(&mut self) {
        let now = Instant::now() + Duration::from_secs(5);
        crate::proposals::applying::check(&mut self.state, now);
        publish::flush(&mut self.state, now);
        self.read();
    }

    /// Takes in what the server says; returns the edit that it asks for.
    fn read(&mut self) -> Option<Value> {
        let mut decoder = Decoder::default();
        decoder
            .space()
            .extend_from_slice(self.state.client.unsent());
        let count = self.state.client.unsent().len();
        self.state.client.advance(count);
        let mut request = None;
        while let Some(Frame::Body(range)) = decoder.next().unwrap() {
            let message: Value = serde_json::from_slice(decoder.body(range)).unwrap();
            let text = message["params"]["message"].as_str().unwrap_or_default();
            match message["method"].as_str().unwrap() {
                "workspace/applyEdit" => request = Some(message),
                "window/showMessage"
                    if message["params"]["type"] == 2 && text.contains("Shout") => {}
                "window/showMessage" if text.contains("codex's change “") => {
                    self.warnings.push(text.to_owned());
                }
                "window/showMessage" | "window/logMessage" | "textDocument/publishDiagnostics" => {}
                other => panic!("{other}"),
            }
        }
        request
    }

    /// What is shown of a change that can be applied stands at a line that the agent wants to change.
    fn check(&mut self) {
        self.state.proposals.look(&self.state.documents);
        let document = self.state.documents.get(&self.uri()).unwrap();
        let file = self.root.join(FILE);
        for held in self.state.proposals.iter() {
            for mark in crate::proto::proposal::marks(held, &file, &document.text) {
                assert_eq!(document.text.clamp(mark.shown), mark.shown);
                let base = mark.it.part.file.base().unwrap();
                if let (
                    crate::proposals::PartState::Open,
                    domain::proposal::PartKind::Hunk(_, hunk),
                ) = (mark.it.state, mark.it.part.kind)
                {
                    assert_eq!(document.text.slice(mark.range), base.slice(hunk.range));
                }
            }
        }
    }
}

proptest! {
    #[test]
    fn an_edit_replaces_what_the_agent_saw_and_no_keystroke_is_lost(
        steps in prop::collection::vec(step(), 1..40),
        encoding in prop_oneof![Just(Encoding::Utf8), Just(Encoding::Utf16), Just(Encoding::Utf32)],
        manner in prop_oneof![Just(Manner::Honest), Just(Manner::Liar)],
        line_end in prop_oneof![Just("\n"), Just("\r\n")],
    ) {
        let mut world = World::new(encoding, manner, line_end);
        for step in &steps {
            world.step(step);
        }
    }
}
