//! Any order of questions, closings and answers: nobody gets another's answer, and nobody waits for ever.

#![allow(clippy::unwrap_used)]
use super::*;
use crate::transport::{Decoder, Frame};
use domain::finding::FindingId;
use domain::path::RelPath;
use engine::{Approval, Field, QuestionId};
use proptest::prelude::*;
use proptest::sample::Index;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Longer than any prompt of a dismissal waits, in milliseconds.
const DEADLINE_MS: u64 = 1000 + 1000 * dismissal::DEADLINE.as_secs();

/// Something that happens to the queue.
#[derive(Clone, Debug)]
enum Step {
    /// An agent asks: for an approval, a form of two fields, or a page.
    Ask(u8),
    /// The user wants to say how a finding is to be dismissed.
    Dismiss,
    /// One of the questions so far is closed.
    Close(Index),
    /// The client answers one of the requests so far, in one of several ways, perhaps not for the first time.
    Answer(Index, u8),
    /// The client answers what is on the screen.
    AnswerShown(u8),
    /// Time passes, in milliseconds.
    Pass(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..3_u8).prop_map(Step::Ask),
        2 => Just(Step::Dismiss),
        2 => any::<Index>().prop_map(Step::Close),
        1 => (any::<Index>(), any::<u8>()).prop_map(|(request, how)| Step::Answer(request, how)),
        4 => any::<u8>().prop_map(Step::AnswerShown),
        1 => (1..1500_u64).prop_map(Step::Pass),
        1 => Just(Step::Pass(DEADLINE_MS)),
    ]
}

/// A queue, and a client that knows what it was told.
struct World {
    queue: Queue,
    client: Client,
    now: Instant,
    /// Each request and the question that it was for.
    requests: Vec<(i64, u64)>,
    /// The requests that the client shows.
    screen: BTreeSet<i64>,
    asked: u64,
    dismissals: BTreeSet<u64>,
    closed: BTreeSet<u64>,
    answers: BTreeMap<u64, Reply>,
}

impl World {
    fn step(&mut self, step: &Step) {
        match step {
            Step::Ask(kind) => self.ask(*kind),
            Step::Dismiss => self.dismiss(),
            Step::Close(index) if self.asked > 0 => {
                let id = index.index(usize::try_from(self.asked).unwrap()) as u64;
                self.closed.insert(id);
                let is_meant = |it: &Subject| number(it) == id;
                self.queue.close(is_meant, self.now, &mut self.client);
            }
            Step::Answer(index, how) if !self.requests.is_empty() => {
                let request = index.get(&self.requests).0;
                self.answer(request, *how);
            }
            Step::AnswerShown(how) => {
                if let Some(request) = self.screen.first().copied() {
                    self.answer(request, *how);
                }
            }
            Step::Pass(milliseconds) => {
                self.now += Duration::from_millis(*milliseconds);
                self.queue.resume(self.now, &mut self.client);
            }
            Step::Close(_) | Step::Answer(..) => {}
        }
        self.listen();
        assert!(self.screen.len() <= 1, "one question is shown at a time");
        assert!(
            !self.screen.is_empty()
                || self.queue.leaving.is_some()
                || self.queue.waiting.is_empty(),
            "nobody waits for an empty screen"
        );
    }

    fn ask(&mut self, kind: u8) {
        let field = |name: &str| Field {
            name: name.to_owned(),
            title: name.to_owned(),
            choices: vec![(json!(1), "One".to_owned()), (json!(2), "Two".to_owned())],
            default: None,
        };
        let id = self.asked;
        let question = Question {
            id: QuestionId(id),
            root: "/r".into(),
            agent: format!("agent-{id}"),
            run: None,
            message: String::new(),
            ask: match kind {
                0 => Ask::Approval(Approval::default()),
                1 => Ask::Form(vec![field("a"), field("b")]),
                _ => Ask::Url("https://example.com/".to_owned()),
            },
            deadline: Duration::from_secs(120),
        };
        self.asked += 1;
        let denied = self.queue.ask(Box::new(question), &mut self.client);
        self.note(denied, id);
    }

    fn dismiss(&mut self) {
        let id = self.asked;
        let dismissal = Dismissal {
            id: FindingId(id.to_string()),
            root: Path::new("/r").into(),
            path: RelPath::try_from("a.rs".to_owned()).unwrap(),
            title: format!("agent-{id}"),
            reach: None,
            reason: None,
        };
        self.asked += 1;
        // It takes the place of an older one.
        self.closed.append(&mut self.dismissals);
        self.dismissals.insert(id);
        let (queue, client) = (&mut self.queue, &mut self.client);
        queue.ask_how_to_dismiss(dismissal, self.now, client);
    }

    fn answer(&mut self, request: i64, how: u8) {
        let titles = [
            "Allow",
            "Deny",
            "One",
            "Two",
            "Cancel",
            "Open in browser",
            "Here",
            "No reason",
        ];
        let result = match how % 12 {
            0 => Err("cannot".to_owned()),
            1 => Ok(Value::Null),
            2 => Ok(json!({"success": true})),
            3 => Ok(json!({"title": "nonsense"})),
            how => Ok(json!({"title": titles[usize::from(how) - 4]})),
        };
        let asked_for = self.requests.iter().find(|it| it.0 == request).unwrap().1;
        // The client knows which of our requests wait for an answer; the others do not get here.
        if self.client.take_asked(request).is_some() {
            self.screen.remove(&request);
            let answer = self.queue.answered(request, result, true, &mut self.client);
            self.note(answer, asked_for);
        }
    }

    fn note(&mut self, answer: Option<Answer>, expected: u64) {
        if let Some(answer) = answer {
            let id = number(&answer.subject);
            self.dismissals.remove(&id);
            assert_eq!(id, expected, "an answer is for the question that was shown");
            assert!(
                !self.closed.contains(&id),
                "a closed question is not answered"
            );
            let before = self.answers.insert(id, answer.reply);
            assert_eq!(before, None, "a question is answered once");
        }
    }

    /// Takes in what the server says.
    fn listen(&mut self) {
        let mut decoder = Decoder::default();
        decoder.space().extend_from_slice(self.client.unsent());
        self.client.advance(self.client.unsent().len());
        while let Some(Frame::Body(range)) = decoder.next().unwrap() {
            let message: Value = serde_json::from_slice(decoder.body(range)).unwrap();
            let id = |it: &Value| it["id"].as_i64().unwrap();
            match message["method"].as_str().unwrap() {
                "window/showMessageRequest" => {
                    let text = message["params"]["message"].as_str().unwrap();
                    let (_, agent) = text.split_once("agent-").unwrap();
                    let agent: String = agent.chars().take_while(char::is_ascii_digit).collect();
                    self.requests.push((id(&message), agent.parse().unwrap()));
                    self.screen.insert(id(&message));
                }
                "window/showDocument" => {
                    let last = self.requests.last().unwrap().1;
                    self.requests.push((id(&message), last));
                    self.screen.insert(id(&message));
                }
                "$/cancelRequest" => {
                    let request = id(&message["params"]);
                    let is_shown = self.screen.remove(&request);
                    assert!(is_shown, "only what is shown is taken away");
                    let of = self.requests.iter().find(|it| it.0 == request);
                    self.closed.insert(of.unwrap().1);
                }
                "window/logMessage" | "window/showMessage" => {}
                other => panic!("{other}"),
            }
        }
    }
}

fn number(subject: &Subject) -> u64 {
    match subject {
        Subject::Agent(question) => question.id.0,
        Subject::Dismissal(it) => it.id.0.parse().unwrap(),
    }
}

proptest! {
    #[test]
    fn every_question_is_answered_once_or_closed(steps in prop::collection::vec(step(), 1..120)) {
        let mut world = World {
            queue: Queue::default(),
            client: Client::default(),
            now: Instant::now(),
            requests: Vec::new(),
            screen: BTreeSet::new(),
            asked: 0,
            dismissals: BTreeSet::new(),
            closed: BTreeSet::new(),
            answers: BTreeMap::new(),
        };
        for step in &steps {
            world.step(step);
        }
        // From here on the user says no to everything.
        while world.queue.due().is_some() || !world.screen.is_empty() {
            world.step(&Step::Pass(1000));
            world.step(&Step::AnswerShown(1));
        }
        let waits = (0..world.asked).find(|it| !world.answers.contains_key(it) && !world.closed.contains(it));
        prop_assert_eq!(waits, None);
        prop_assert!(world.queue.waiting.is_empty() && world.queue.shown.is_none());
    }
}
