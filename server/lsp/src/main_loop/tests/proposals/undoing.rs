//! Undo and redo of what was applied, with the ledger itself and over restarts: it knows what stands in the files.

#![allow(clippy::unwrap_used, clippy::expect_used)]
use super::*;
use proptest::prelude::*;
use std::collections::BTreeSet;

/// The lines that are to change: their numbers, what they are, and what they are to be.
const HUNKS: [(usize, &str, &str); 2] = [(1, "two", "TWO"), (6, "seven", "SEVEN")];
/// What the user makes of such a line.
const MINE: &str = "mine";

/// A person with an editor, whose server is ended and started again.
struct Desk {
    client: TestClient,
    uri: String,
    version: i32,
    lines: Vec<String>,
}

impl Desk {
    /// A file that is open, and a proposal for it in the ledger.
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let client = TestClient::start_in(dir, true);
        client.write("a.rs", OLD);
        let it = proposal("abcdefgh", vec![edit("a.rs", OLD, NEW)]);
        let engine = client.other_engine();
        engine.keep_proposal(&client.root(), Arc::new(it));
        engine.shutdown(PATIENCE);
        let mut desk = Self {
            client,
            uri: String::new(),
            version: 0,
            lines: Vec::new(),
        };
        desk.open().await;
        desk
    }

    /// Starts with what is on disk.
    async fn open(&mut self) {
        self.client.initialize(rich()).await;
        let text = std::fs::read_to_string(self.client.root().join("a.rs")).unwrap();
        self.lines = text.lines().map(str::to_owned).collect();
        self.uri = self.client.open("a.rs", &text).await;
        self.version = 1;
    }

    async fn restart(self) -> Self {
        let dir = self.client.leave().await;
        let mut desk = Self {
            client: TestClient::start_in(dir, true),
            uri: String::new(),
            version: 0,
            lines: Vec::new(),
        };
        desk.open().await;
        desk
    }

    fn save(&self) {
        let text = self.lines.join("\n") + "\n";
        self.client.write("a.rs", &text);
    }

    fn line(&self, hunk: usize) -> &str {
        &self.lines[HUNKS[hunk].0]
    }

    /// The user, or undo, or the server by the editor, puts something into the line of a hunk.
    async fn set(&mut self, hunk: usize, to: &str) {
        let number = HUNKS[hunk].0;
        let was = std::mem::replace(&mut self.lines[number], to.to_owned());
        self.version += 1;
        let (line, end) = (
            u32::try_from(number).unwrap(),
            u32::try_from(was.len()).unwrap(),
        );
        let range = [line, 0, line, end];
        self.client.change(&self.uri, self.version, range, to).await;
    }

    /// The open ones of these hunks are applied; returns those.
    async fn apply(&mut self, hunks: &[usize]) -> Vec<usize> {
        let parts: Vec<usize> = hunks.iter().map(|it| it + 1).collect();
        let argument = json!({"id": "abcdefgh", "parts": parts});
        let answer = self.client.command("apply", argument).await;
        let applying = answer["applying"].as_array().cloned().unwrap_or_default();
        let applying = applying.iter().map(|it| it.as_u64().unwrap());
        let hunks: Vec<usize> = applying
            .map(|it| usize::try_from(it).unwrap() - 1)
            .collect();
        let told = self.client.messages().await;
        for hunk in &hunks {
            self.set(*hunk, HUNKS[*hunk].2).await;
        }
        if let Some(request) = told.iter().find(|it| it["method"] == "workspace/applyEdit") {
            self.client
                .answer_edit(request, json!({"applied": true}))
                .await;
        }
        hunks
    }

    /// Waits until the server says that just these hunks are applied and can be taken back, and offers the proposal or not.
    async fn stands(&mut self, applied: &BTreeSet<usize>, is_offered: bool) {
        let expected = (applied.clone(), is_offered);
        let mut seen = (BTreeSet::new(), false);
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            let listed = self.client.command("proposals", json!({})).await;
            self.client.unread.clear();
            let applications = listed["applications"].as_array().unwrap().iter();
            let standing = applications.filter(|it| it["reverted"] == false);
            let parts = standing.flat_map(|it| it["parts"].as_array().unwrap().clone());
            let parts = parts.map(|it| usize::try_from(it.as_u64().unwrap()).unwrap() - 1);
            seen = (
                parts.collect(),
                !listed["proposals"].as_array().unwrap().is_empty(),
            );
            if seen == expected {
                return;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        assert_eq!(seen, expected, "in {:?}", self.lines);
    }
}

fn all() -> BTreeSet<usize> {
    BTreeSet::from([0, 1])
}

fn none() -> BTreeSet<usize> {
    BTreeSet::new()
}

#[tokio::test]
async fn what_is_undone_is_offered_after_a_restart() {
    let mut desk = Desk::new().await;
    desk.stands(&none(), true).await;
    desk.apply(&[0, 1]).await;
    desk.stands(&all(), false).await;
    desk.save();
    let mut desk = desk.restart().await;
    desk.stands(&all(), false).await;
    // Some editors undo across sessions.
    desk.set(0, "two").await;
    desk.stands(&BTreeSet::from([1]), true).await;
    desk.set(1, "seven").await;
    desk.stands(&none(), true).await;
    desk.save();
    let mut desk = desk.restart().await;
    desk.stands(&none(), true).await;
    desk.apply(&[0, 1]).await;
    desk.stands(&all(), false).await;
    desk.client.leave().await;
}

#[tokio::test]
async fn what_was_applied_and_never_saved_is_offered_after_a_restart() {
    let mut desk = Desk::new().await;
    desk.stands(&none(), true).await;
    desk.apply(&[0, 1]).await;
    desk.stands(&all(), false).await;
    let mut desk = desk.restart().await;
    desk.stands(&none(), true).await;
    desk.client.leave().await;
}

#[derive(Clone, Debug)]
enum Step {
    /// Some hunks are applied.
    Apply(bool, bool),
    /// A line becomes what it was, what the agent wants, or something of the user's: by typing, undo or redo.
    Set(usize, u8),
    Save,
    /// The editor ends, whether all was saved or not, and starts again.
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => any::<(bool, bool)>().prop_map(|(first, second)| Step::Apply(first, second)),
        6 => (0..HUNKS.len(), 0..5_u8).prop_map(|(hunk, what)| Step::Set(hunk, what)),
        2 => Just(Step::Save),
        2 => Just(Step::Restart),
    ]
}

/// What the ledger should know.
#[derive(Default)]
struct Model {
    /// Hunks that were applied once, as far as the server knows.
    ever: BTreeSet<usize>,
    /// Hunks that are applied.
    standing: BTreeSet<usize>,
}

impl Model {
    fn look(&mut self, desk: &Desk) {
        for (hunk, (_, old, new)) in HUNKS.into_iter().enumerate() {
            if desk.line(hunk) == old {
                self.standing.remove(&hunk);
            } else if desk.line(hunk) == new && self.ever.contains(&hunk) {
                self.standing.insert(hunk);
            }
        }
    }

    /// Whether there is anything left of the proposal.
    fn is_offered(&self, desk: &Desk) -> bool {
        let is_left = |hunk: usize| {
            let (_, _, new) = HUNKS[hunk];
            desk.line(hunk) != new && !self.standing.contains(&hunk)
        };
        (0..HUNKS.len()).any(is_left)
    }
}

async fn play(steps: &[Step]) {
    let mut desk = Desk::new().await;
    let mut model = Model::default();
    desk.stands(&none(), true).await;
    for step in steps.iter().chain([&Step::Save, &Step::Restart]) {
        match step {
            Step::Apply(first, second) => {
                let wanted = [(0, *first), (1, *second)];
                let wanted: Vec<usize> = wanted.iter().filter(|it| it.1).map(|it| it.0).collect();
                let open: Vec<usize> = wanted
                    .into_iter()
                    .filter(|it| desk.line(*it) == HUNKS[*it].1)
                    .collect();
                if !open.is_empty() {
                    let applied = desk.apply(&open).await;
                    assert_eq!(applied, open);
                    model.ever.extend(applied);
                }
            }
            Step::Set(hunk, what) => {
                let (_, old, new) = HUNKS[*hunk];
                let to = [old, old, new, new, MINE][usize::from(*what)];
                desk.set(*hunk, to).await;
            }
            Step::Save => desk.save(),
            Step::Restart => {
                desk = desk.restart().await;
                model.ever = model.standing.clone();
            }
        }
        model.look(&desk);
        let is_offered = model.is_offered(&desk);
        desk.stands(&model.standing, is_offered).await;
    }
    desk.client.leave().await;
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    #[test]
    fn the_ledger_knows_what_stands(steps in prop::collection::vec(step(), 1..14)) {
        let runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = { runtime }.enable_all().build().unwrap();
        runtime.block_on(play(&steps));
    }
}
