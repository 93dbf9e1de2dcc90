//! Questions as a door sees them: opened, answered, closed exactly once.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use crate::config::{Config, LimitsConfig};
use crate::event::{Approval, Field};
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;
use tokio::task::JoinHandle;

const LONG: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(20);
const RUN: RunId = RunId(7);

/// Something that ends a question.
type End = fn(&Stage, &JoinHandle<Reply>);

/// A root with one agent, `a`, and a door.
struct Stage {
    questions: Arc<Questions>,
    asker: Asker,
    events: Receiver<Event>,
    /// Says what the configuration is.
    config: watch::Sender<(u64, Option<Arc<Loaded>>)>,
}

impl Stage {
    fn new(approve: Approve, deadline: Duration) -> Self {
        let (sender, events) = channel();
        let sink: Sink = Arc::new(move |event| drop(sender.send(event)));
        let questions = Arc::new(Questions::new(sink));
        let (config, current) = watch::channel((1, Some(loaded(approve, deadline))));
        let asker = questions.asker(Path::new("/w"), current);
        questions.begin(RUN);
        Self {
            questions,
            asker,
            events,
            config,
        }
    }
    fn ask(&self, run: Option<RunId>, ask: Ask) -> JoinHandle<Reply> {
        tokio::spawn((self.asker)(Asked {
            agent: "a".to_owned(),
            root: "/elsewhere".into(),
            run: run.map(|it| it.0),
            message: "May I?".to_owned(),
            ask,
        }))
    }
    /// The next event; the runtime goes on meanwhile.
    async fn event(&self) -> Event {
        loop {
            match self.events.try_recv() {
                Ok(event) => return event,
                Err(_) => tokio::time::sleep(Duration::from_millis(1)).await,
            }
        }
    }
    async fn question(&self) -> Question {
        match self.event().await {
            Event::Question(question) => *question,
            event => panic!("a question, not {event:?}"),
        }
    }
    async fn closed(&self) -> QuestionId {
        match self.event().await {
            Event::QuestionClosed { id, .. } => id,
            event => panic!("a question's end, not {event:?}"),
        }
    }
    fn nothing_more(&self) {
        let event = self.events.try_recv();
        assert!(event.is_err(), "{event:?}");
    }
}

fn loaded(approve: Approve, deadline: Duration) -> Arc<Loaded> {
    let config = Config {
        approve: [("a".to_owned(), approve)].into(),
        limits: LimitsConfig {
            approval: deadline,
            ..LimitsConfig::default()
        },
        ..Config::default()
    };
    Arc::new(Loaded {
        root: "/w".into(),
        config,
        problems: Vec::new(),
        untrusted: None,
        files: Vec::new(),
    })
}

fn patterns(texts: &[&str]) -> Approve {
    Approve::Patterns(texts.iter().map(|it| it.parse().unwrap()).collect())
}

fn command(text: &str) -> Ask {
    Ask::Approval(Approval {
        command: Some(text.to_owned()),
        ..Approval::default()
    })
}

fn denied(reply: &Reply) -> &str {
    match reply {
        Reply::Deny(why) => why,
        reply => panic!("{reply:?}"),
    }
}

#[tokio::test]
async fn the_users_answer_reaches_the_agent() {
    let stage = Stage::new(Approve::Ask, LONG);
    for reply in [Reply::Allow, Reply::Deny("no".to_owned())] {
        let asking = stage.ask(Some(RUN), command("npm test"));
        let question = stage.question().await;
        assert_eq!(
            (question.root.as_path(), question.run, question.deadline),
            (Path::new("/w"), Some(RUN), LONG)
        );
        stage.questions.answer(question.id, reply.clone());
        assert_eq!(asking.await.unwrap(), reply);
        assert_eq!(stage.closed().await, question.id);
        stage.questions.answer(question.id, Reply::Allow);
    }
    stage.nothing_more();
    assert_eq!(stage.questions.end(RUN), Vec::<String>::new());
}

#[tokio::test]
async fn a_door_may_answer_while_it_is_told() {
    let (sender, events) = channel();
    let answers: Arc<std::sync::OnceLock<Arc<Questions>>> = Arc::default();
    let door = answers.clone();
    let sink: Sink = Arc::new(move |event: Event| {
        if let (Event::Question(question), Some(questions)) = (&event, door.get()) {
            questions.answer(question.id, Reply::Allow);
        }
        drop(sender.send(event));
    });
    let questions = Arc::new(Questions::new(sink));
    let _ = answers.set(questions.clone());
    let (_config, current) = watch::channel((1, Some(loaded(Approve::Ask, LONG))));
    let stage = Stage {
        asker: questions.asker(Path::new("/w"), current),
        questions,
        events,
        config: _config,
    };
    assert_eq!(stage.ask(None, command("x")).await.unwrap(), Reply::Allow);
    let question = stage.question().await;
    assert_eq!(stage.closed().await, question.id);
    stage.nothing_more();
}

#[tokio::test]
async fn every_end_closes_a_question_once() {
    let ends: [(&str, End); 4] = [
        ("withdrawn", |_, asking| asking.abort()),
        ("run ended", |stage, _| drop(stage.questions.end(RUN))),
        ("root closed", |stage, _| {
            stage.questions.close_root(Path::new("/w"))
        }),
        ("shutdown", |stage, _| stage.questions.shut()),
    ];
    for (name, end) in ends {
        let stage = Stage::new(Approve::Ask, LONG);
        let asking = stage.ask(Some(RUN), command("npm test"));
        let question = stage.question().await;
        end(&stage, &asking);
        assert_eq!(stage.closed().await, question.id, "{name}");
        if let Ok(reply) = asking.await {
            denied(&reply);
        }
        stage.nothing_more();
    }
}

#[tokio::test]
async fn a_deadline_denies_and_is_noted() {
    let stage = Stage::new(Approve::Ask, SHORT);
    let reply = stage.ask(Some(RUN), command("npm test")).await.unwrap();
    assert_eq!(
        denied(&reply),
        "the user did not answer within 20 milliseconds"
    );
    let id = stage.question().await.id;
    assert_eq!(stage.closed().await, id);
    assert_eq!(
        stage.questions.end(RUN),
        [
            "agent `a` asked to run `npm test` and got no answer within 20 milliseconds; it was denied"
        ]
    );
    // Without a run there is no report, so it is told at once.
    denied(&stage.ask(None, command("npm test")).await.unwrap());
    let id = stage.question().await.id;
    assert_eq!(stage.closed().await, id);
    assert!(matches!(stage.event().await, Event::Notice(text) if text.contains("npm test")));
    stage.nothing_more();
}

#[tokio::test]
async fn never_denies_without_asking_and_is_noted_once() {
    let stage = Stage::new(Approve::Never, LONG);
    let url = Ask::Url("https://example.org".to_owned());
    for ask in [command("npm test"), command("x"), url] {
        let reply = stage.ask(Some(RUN), ask).await.unwrap();
        assert_eq!(
            denied(&reply),
            "the configuration denies everything that needs approval"
        );
    }
    stage.nothing_more();
    assert_eq!(
        stage.questions.end(RUN),
        [
            "agent `a` asked for approval 3 times and was denied: `approve` is \"never\" in its configuration"
        ]
    );
}

#[tokio::test]
async fn what_patterns_allow_is_counted_and_the_rest_is_asked() {
    let stage = Stage::new(patterns(&["npm test", "tool:search"]), LONG);
    let tool = Ask::Approval(Approval {
        tool: Some("search".to_owned()),
        ..Approval::default()
    });
    for ask in [command("npm test"), command("npm test"), tool] {
        assert_eq!(stage.ask(Some(RUN), ask).await.unwrap(), Reply::Allow);
    }
    stage.nothing_more();
    let asking = stage.ask(Some(RUN), command("npm test; rm x"));
    let question = stage.question().await;
    stage
        .questions
        .answer(question.id, Reply::Deny("no".to_owned()));
    denied(&asking.await.unwrap());
    assert_eq!(
        stage.questions.end(RUN),
        ["agent `a` was allowed 2 commands and 1 use of a tool by the configuration (`approve`)"]
    );
}

#[tokio::test]
async fn choices_and_pages_are_never_answered_by_patterns() {
    let stage = Stage::new(patterns(&["npm test", "files:**", "tool:a*"]), LONG);
    let field = Field {
        name: "a".to_owned(),
        title: "A".to_owned(),
        choices: vec![(json!(1), "one".to_owned()), (json!(2), "two".to_owned())],
        default: None,
    };
    for ask in [
        Ask::Form(vec![field]),
        Ask::Url("https://example.org".to_owned()),
    ] {
        let asking = stage.ask(Some(RUN), ask);
        let question = stage.question().await;
        assert!(!question.can_allow_for_run());
        stage.questions.answer(question.id, Reply::AllowForRun);
        assert_eq!(
            denied(&asking.await.unwrap()),
            "the answer does not fit the question"
        );
        stage.closed().await;
    }
}

#[tokio::test]
async fn allowed_for_the_run_means_the_same_until_its_end() {
    let stage = Stage::new(Approve::Ask, LONG);
    let waiting = stage.ask(Some(RUN), command("npm test"));
    let first = stage.question().await;
    let alike = stage.ask(Some(RUN), command("npm test"));
    let second = stage.question().await;
    assert!(first.can_allow_for_run());
    stage.questions.answer(first.id, Reply::AllowForRun);
    assert_eq!(waiting.await.unwrap(), Reply::AllowForRun);
    assert_eq!(
        alike.await.unwrap(),
        Reply::Allow,
        "one that waited is answered with it"
    );
    let closed = BTreeSet::from([stage.closed().await, stage.closed().await]);
    assert_eq!(closed, BTreeSet::from([first.id, second.id]));
    assert_eq!(
        stage.ask(Some(RUN), command("npm test")).await.unwrap(),
        Reply::Allow
    );
    stage.nothing_more();

    let other = RunId(8);
    stage.questions.begin(other);
    let directory = Ask::Approval(Approval {
        command: Some("npm test".to_owned()),
        directory: Some("/w/other".to_owned()),
        ..Approval::default()
    });
    for (run, ask) in [
        (Some(RUN), command("npm test -- x")),
        (Some(RUN), directory),
        (Some(other), command("npm test")),
        (None, command("npm test")),
    ] {
        let asking = stage.ask(run, ask);
        let question = stage.question().await;
        stage
            .questions
            .answer(question.id, Reply::Deny("no".to_owned()));
        denied(&asking.await.unwrap());
        stage.closed().await;
    }
    stage.questions.end(RUN);
    let late = stage.ask(Some(RUN), command("npm test")).await.unwrap();
    assert_eq!(
        denied(&late),
        "nothing is under way that this question could belong to"
    );
}

#[test]
fn what_cannot_be_recognised_is_allowed_once_only() {
    let cut = Approval {
        files: vec!["a".to_owned()],
        more_files: 1,
        ..Approval::default()
    };
    let long = Approval {
        command: Some("npm run a…".to_owned()),
        ..Approval::default()
    };
    for approval in [cut, long, Approval::default()] {
        assert_eq!(
            Like::of(&Ask::Approval(approval.clone())),
            None,
            "{approval:?}"
        );
    }
}

#[tokio::test]
async fn without_anybody_to_ask_it_is_denied_at_once_and_said_how_to_allow_it() {
    let stage = Stage::new(patterns(&["cargo check"]), LONG);
    stage
        .questions
        .leave_unattended("there is no terminal to ask at".to_owned());
    assert_eq!(
        stage.ask(Some(RUN), command("cargo check")).await.unwrap(),
        Reply::Allow
    );
    for ask in [
        command("npm test"),
        command("npm test"),
        command("a; b"),
        Ask::Url("https://example.org".to_owned()),
    ] {
        let reply = stage.ask(Some(RUN), ask).await.unwrap();
        assert_eq!(denied(&reply), "there is no terminal to ask at");
    }
    stage.nothing_more();
    expect_test::expect![[r#"
        agent `a` was allowed 1 command by the configuration (`approve`)
        agent `a` asked to run `npm test` and was denied: there is no terminal to ask at; `approve = ["npm test"]` in `[agents.a]` of your configuration allows it
        agent `a` asked to run `a; b` and was denied: there is no terminal to ask at; no pattern of `approve` can allow it, so run this where you can be asked
        agent `a` asked to open https://example.org and was denied: there is no terminal to ask at; no pattern of `approve` can allow it, so run this where you can be asked"#]]
    .assert_eq(&stage.questions.end(RUN).join("\n"));
}

#[tokio::test]
async fn questions_are_limited_and_the_configuration_holds_as_it_is_now() {
    let stage = Stage::new(Approve::Ask, LONG);
    let asking: Vec<_> = (0..=MAX_OPEN)
        .map(|n| stage.ask(Some(RUN), command(&format!("x {n}"))))
        .collect();
    let mut replies = Vec::new();
    let mut open = Vec::new();
    for _ in 0..MAX_OPEN {
        open.push(stage.question().await.id);
    }
    for id in open {
        stage.questions.answer(id, Reply::Allow);
    }
    for asking in asking {
        replies.push(asking.await.unwrap());
    }
    assert_eq!(
        replies.iter().filter(|it| **it == Reply::Allow).count(),
        MAX_OPEN
    );
    assert_eq!(stage.questions.end(RUN).len(), 1);
    stage
        .config
        .send_replace((2, Some(loaded(Approve::Never, LONG))));
    denied(&stage.ask(None, command("x")).await.unwrap());
}

#[test]
fn what_was_asked_in_words() {
    let asked = |ask| Asked {
        agent: "a".to_owned(),
        root: "/w".into(),
        run: None,
        message: "May I?".to_owned(),
        ask,
    };
    let files = |count: usize, more_files| Approval {
        files: (0..count).map(|it| format!("f{it}")).collect(),
        more_files,
        ..Approval::default()
    };
    let tool = Approval {
        tool: Some("t".to_owned()),
        ..Approval::default()
    };
    let texts: Vec<String> = [files(1, 0), files(5, 2), tool, Approval::default()]
        .map(|it| words::denied(&asked(Ask::Approval(it)), "why"))
        .into();
    expect_test::expect![[r#"
        agent `a` asked to change `f0` and was denied: why
        agent `a` asked to change `f0`, `f1`, `f2` and 4 more files and was denied: why
        agent `a` asked to use the tool `t` and was denied: why
        agent `a` asked for approval ("May I?") and was denied: why"#]]
    .assert_eq(&texts.join("\n"));
    for (seconds, text) in [
        (0.25, "250 milliseconds"),
        (1.0, "1 second"),
        (90.0, "90 seconds"),
        (120.0, "2 minutes"),
    ] {
        assert_eq!(words::time(Duration::from_secs_f64(seconds)), text);
    }
}
