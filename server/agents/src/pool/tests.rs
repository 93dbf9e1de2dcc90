//! Whole calls on agents that are small shell scripts.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use crate::spec::{Limits, Operation, OperationSpec, Reads};
use crate::{CallProgress, State};
use domain::answer::Format;
use serde_json::json;
use std::time::Instant;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

mod http;
mod oauth;
mod peer;
mod questions;
mod streams;
mod tls;

/// Far more than anything here takes, far less than the scripts sleep.
const LIMIT: Duration = Duration::from_secs(20);

/// An MCP server in shell: what it does on a call is the test's; `$id` is the call's id, `reply TEXT` answers it.
const SERVER: &str = r#"
say() { printf '%s\n' "$1"; }
reply() { say "{\"jsonrpc\":\"2.0\",\"id\":$id,\"result\":{\"content\":[{\"type\":\"text\",\"text\":\"$1\"}]}}"; }
progress() { say "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\"params\":{\"progressToken\":$token,\"progress\":1,\"message\":\"$1\"}}"; }
while read -r line; do
  id=${line#*\"id\":}; id=${id%%[,\}]*}
  token=${line#*\"progressToken\":}; token=${token%%[,\}]*}
  case $line in
    *'"method":"initialize"'*) say "{\"jsonrpc\":\"2.0\",\"id\":$id,\"result\":{\"protocolVersion\":\"2025-11-25\",\"capabilities\":{},\"serverInfo\":{\"name\":\"shell\",\"version\":\"1\"}}}" ;;
    *'"method":"tools/list"'*) say "{\"jsonrpc\":\"2.0\",\"id\":$id,\"result\":{\"tools\":[{\"name\":\"review\",\"inputSchema\":{}}]}}" ;;
    *'"method":"tools/call"'*) CALL ;;
  esac
done
"#;

struct Stage {
    pool: Pool,
    notices: Arc<Mutex<Vec<String>>>,
    root: tempfile::TempDir,
}

fn limits() -> Limits {
    Limits {
        start: LIMIT,
        idle: LIMIT,
        call: LIMIT,
        ..Limits::default()
    }
}

fn operations() -> BTreeMap<Operation, OperationSpec> {
    let arguments = json!({ "task": "{{ prompt }}" });
    let review = OperationSpec {
        tool: "review".into(),
        arguments,
        answer: Format::Text,
        reads: Reads::Text,
    };
    BTreeMap::from([(Operation::Review, review)])
}

fn spec(script: &str, limits: Limits) -> AgentSpec {
    let command = ["/bin/sh", "-c", script].map(str::to_owned).to_vec();
    AgentSpec {
        name: "fake".into(),
        provider: "test".into(),
        rules: false,
        source: "a test".into(),
        endpoint: Endpoint::Stdio {
            command,
            env: BTreeMap::from([("MARK".into(), "set".into())]),
            cwd: None,
        },
        operations: operations(),
        approval: None,
        limits,
    }
}

/// A pool with one agent that does this on each call.
fn stage(on_call: &str, limits: Limits) -> Stage {
    stage_of(spec(&SERVER.replace("CALL", on_call), limits))
}

fn stage_of(spec: AgentSpec) -> Stage {
    let notices: Arc<Mutex<Vec<String>>> = Arc::default();
    let noted = Arc::clone(&notices);
    let pool = Pool::new(Arc::new(move |event| {
        if let AgentEvent::Notice { text, .. } = event {
            noted.lock().unwrap().push(text);
        }
    }));
    pool.configure(vec![spec]);
    Stage {
        pool,
        notices,
        root: tempfile::tempdir().unwrap(),
    }
}

struct Running {
    ending: JoinHandle<Result<Answer, CallError>>,
    news: UnboundedReceiver<CallProgress>,
    cancel: CancellationToken,
}

impl Stage {
    fn start(&self) -> Running {
        let (progress, news) = unbounded_channel();
        let cancel = CancellationToken::new();
        let call = Call {
            agent: "fake".into(),
            operation: Operation::Review,
            root: self.root.path().to_owned(),
            run: 1,
            variables: json!({ "prompt": "look" }),
            cancel: cancel.clone(),
            progress,
        };
        let pool = self.pool.clone();
        Running {
            ending: tokio::spawn(async move { pool.call(call).await }),
            news,
            cancel,
        }
    }

    async fn call(&self) -> Result<Answer, CallError> {
        self.start().end().await
    }

    /// Calls and gives the text of the answer, or the message of the error.
    async fn text(&self) -> String {
        match self.call().await {
            Ok(answer) => answer.texts.concat(),
            Err(error) => error.to_string(),
        }
    }

    fn status(&self) -> AgentStatus {
        self.pool.status().remove(0)
    }

    fn notices(&self) -> Vec<String> {
        self.notices.lock().unwrap().clone()
    }
}

impl Running {
    async fn end(self) -> Result<Answer, CallError> {
        timeout(LIMIT, self.ending)
            .await
            .expect("the call did not end")
            .unwrap()
    }

    async fn until(&mut self, awaited: CallProgress) {
        while let Some(news) = timeout(LIMIT, self.news.recv()).await.expect("no news") {
            if news == awaited {
                return;
            }
        }
        panic!("the call ended without {awaited:?}");
    }
}

async fn until(mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < LIMIT, "it does not happen");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

fn is_alive(pid: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"));
    stat.is_ok_and(|stat| !stat.contains(") Z "))
}

#[tokio::test]
async fn a_call_is_answered() {
    let stage = stage(r#"progress half; reply "$MARK in $PWD""#, limits());
    assert_eq!(stage.status().state, State::Idle);
    let mut running = stage.start();
    for expected in [
        CallProgress::Starting,
        CallProgress::Running,
        CallProgress::Message {
            text: "half".into(),
            fraction: None,
        },
    ] {
        assert_eq!(running.news.recv().await, Some(expected));
    }
    let root = stage.root.path().canonicalize().unwrap();
    let answer = running.end().await.unwrap();
    assert_eq!(answer.texts, [format!("set in {}", root.display())]);
    assert_eq!(answer.format, Format::Text);

    let status = stage.status();
    assert_eq!(
        (status.state, status.starts, status.running),
        (State::Ready, 1, 0)
    );
    assert_eq!(status.server.unwrap().name, "shell");
    assert!(status.pid.is_some());
    // The second call finds it running.
    assert!(stage.call().await.is_ok());
    assert_eq!(stage.status().starts, 1);
    assert!(stage.notices().is_empty());
}

#[tokio::test]
async fn an_agent_is_inspected() {
    let stage = stage("reply fine", limits());
    let inspection = stage.pool.inspect("fake", stage.root.path()).await.unwrap();
    assert_eq!(inspection.server.name, "shell");
    assert_eq!(inspection.tools[0].name, "review");
    let unknown = stage
        .pool
        .inspect("none", stage.root.path())
        .await
        .unwrap_err();
    assert_eq!(unknown.to_string(), "no agent named `none` is configured");
}

#[tokio::test]
async fn the_command_crosscheck_means_ourselves() {
    let directory = tempfile::tempdir().unwrap();
    let script = directory.path().join("ourselves");
    std::fs::write(&script, SERVER.replace("CALL", "reply \"it is $1\"")).unwrap();
    let mut spec = spec("", limits());
    spec.endpoint = Endpoint::Stdio {
        command: vec![
            "crosscheck".into(),
            script.to_str().unwrap().into(),
            "me".into(),
        ],
        env: BTreeMap::new(),
        cwd: None,
    };
    let mut stage = stage_of(spec);
    stage.pool = stage.pool.clone().with_program("/bin/sh".into());
    assert_eq!(stage.text().await, "it is me");
}

#[tokio::test]
async fn what_cannot_be_called_says_why() {
    let stage = stage("reply fine", limits());
    let call = |agent: &str, operation, variables| Call {
        agent: agent.into(),
        operation,
        root: "/".into(),
        run: 1,
        variables,
        cancel: CancellationToken::new(),
        progress: unbounded_channel().0,
    };
    let cases = [
        (
            call("none", Operation::Review, json!({})),
            "no agent named `none` is configured",
        ),
        (
            call("fake", Operation::Edit, json!({})),
            "agent `fake` has no `edit` operation",
        ),
    ];
    for (call, expected) in cases {
        assert_eq!(
            stage.pool.call(call).await.unwrap_err().to_string(),
            expected
        );
    }
    let mut broken = spec("", limits());
    broken
        .operations
        .get_mut(&Operation::Review)
        .unwrap()
        .arguments = json!({ "task": "x{{ nothing }}" });
    stage.pool.configure(vec![broken]);
    assert_eq!(
        stage.text().await,
        "the arguments for agent `fake` cannot be made: argument `task`: it uses a variable that is not defined here"
    );
}

#[tokio::test]
async fn failing_starts_say_why() {
    let short = Limits {
        start: Duration::from_millis(300),
        ..limits()
    };
    let cases = [
        (
            "echo one >&2; echo 'no key: run login' >&2; exit 3",
            limits(),
            "agent `fake` could not be started: before the handshake it ended with exit code 3; its last words: one / no key: run login",
        ),
        (
            "kill -9 $$",
            limits(),
            "agent `fake` could not be started: before the handshake it ended with signal 9",
        ),
        (
            "echo waiting >&2; sleep 3600",
            short,
            "agent `fake` could not be started: it did not complete the handshake within 300ms; its last words: waiting",
        ),
        (
            "exec >&-; echo mute >&2; sleep 3600",
            limits(),
            "agent `fake` could not be started: it closed its standard output before the handshake; its last words: mute",
        ),
        (
            "while read -r line; do echo '{\"id\":1000000001,\"error\":{\"code\":1,\"message\":\"go away\"}}'; echo '{\"id\":1000000002,\"error\":{\"code\":1}}'; done",
            limits(),
            "agent `fake` could not be started: it rejected the handshake: go away",
        ),
    ];
    for (script, limits, expected) in cases {
        let stage = stage_of(spec(script, limits));
        assert_eq!(stage.text().await, expected, "{script}");
        assert_eq!(stage.notices().len(), 1);
        assert!(matches!(stage.status().state, State::Backoff { .. }));
    }
    let mut absent = spec("", limits());
    absent.endpoint = Endpoint::Stdio {
        command: vec!["no-such-agent".into()],
        env: BTreeMap::from([("PATH".into(), "/bin".into())]),
        cwd: None,
    };
    assert_eq!(
        stage_of(absent).text().await,
        "agent `fake` could not be started: `no-such-agent` was not found in PATH (/bin)"
    );
}

#[tokio::test]
async fn a_crash_ends_the_calls_and_the_next_one_starts_it_again() {
    let on_call = r#"if [ -e crashed ]; then reply better; else touch crashed; echo 'out of memory' >&2; exit 9; fi"#;
    let stage = stage(on_call, limits());
    assert_eq!(
        stage.text().await,
        "agent `fake` went away during the call: it ended with exit code 9; its last words: out of memory"
    );
    assert_eq!(stage.text().await, "better");
    assert_eq!(stage.status().starts, 2);
    assert_eq!(
        stage.notices(),
        [
            "Agent `fake` failed: it ended with exit code 9; its last words: out of memory. The next call starts it again."
        ]
    );
}

#[tokio::test]
async fn an_agent_that_fails_again_and_again_is_down_until_it_is_restarted() {
    let stage = stage("[ -e cured ] && reply cured || exit 1", limits());
    for _ in 0..2 {
        assert!(matches!(stage.call().await, Err(CallError::Gone { .. })));
    }
    assert!(matches!(stage.status().state, State::Backoff { .. }));
    until(|| matches!(stage.status().state, State::Backoff { retry_ms: 0 })).await;
    for _ in 0..3 {
        assert!(matches!(stage.call().await, Err(CallError::Gone { .. })));
        until(|| !matches!(stage.status().state, State::Backoff { retry_ms: 1.. })).await;
    }
    assert!(matches!(stage.status().state, State::Down { .. }));
    let start = Instant::now();
    assert_eq!(
        stage.text().await,
        "agent `fake` is down: it failed 5 times in a short time; restart it to try again. The last reason: it ended with exit code 1"
    );
    assert!(start.elapsed() < Duration::from_millis(100));
    assert_eq!(stage.notices().len(), 2, "{:?}", stage.notices());

    std::fs::write(stage.root.path().join("cured"), "").unwrap();
    stage.pool.restart("fake");
    assert_eq!(stage.status().state, State::Idle);
    assert_eq!(stage.text().await, "cured");
}

#[tokio::test]
async fn deadlines_end_calls() {
    let silent = Limits {
        idle: Duration::from_millis(200),
        ..limits()
    };
    let slow = Limits {
        call: Duration::from_millis(200),
        ..limits()
    };
    let cases = [
        (
            silent,
            "agent `fake` showed no progress within 200ms; the call was stopped",
        ),
        (
            slow,
            "agent `fake` did not answer within 200ms; the call was stopped",
        ),
    ];
    for (limits, expected) in cases {
        let stage = stage(":", limits);
        assert_eq!(stage.text().await, expected);
    }
    // Slow, but never silent for long.
    let patient = Limits {
        idle: Duration::from_secs(2),
        ..limits()
    };
    let stage = stage(
        "for i in 1 2 3 4 5 6; do sleep 0.4; progress $i; done; reply slow",
        patient,
    );
    assert_eq!(stage.text().await, "slow");
}

#[tokio::test]
async fn cancelling_ends_a_call_at_once_wherever_it_is() {
    // While it starts, while it runs, and while it waits in line.
    let stages = [
        (
            stage_of(spec("sleep 3600", limits())),
            CallProgress::Starting,
        ),
        (stage("sleep 3600", limits()), CallProgress::Running),
        (
            stage(
                "sleep 3600",
                Limits {
                    concurrency: 1,
                    ..limits()
                },
            ),
            CallProgress::Queued(0),
        ),
    ];
    for (stage, state) in stages {
        let mut other = matches!(state, CallProgress::Queued(_)).then(|| stage.start());
        if let Some(other) = &mut other {
            other.until(CallProgress::Running).await;
        }
        let mut running = stage.start();
        running.until(state.clone()).await;
        let start = Instant::now();
        running.cancel.cancel();
        assert_eq!(
            running.end().await,
            Err(CallError::Cancelled("fake".into()))
        );
        assert!(start.elapsed() < Duration::from_millis(100), "{state:?}");
    }
}

#[tokio::test]
async fn a_late_answer_is_ignored_and_keeps_the_process() {
    // Answers a cancelled call when the cancel comes, which is the next line.
    let stage = stage(
        r#"if [ -e once ]; then reply second; else touch once; read -r cancel; reply first; fi"#,
        limits(),
    );
    let mut running = stage.start();
    running.until(CallProgress::Running).await;
    until(|| stage.root.path().join("once").exists()).await;
    running.cancel.cancel();
    assert!(running.end().await.is_err());
    assert_eq!(stage.text().await, "second");
    tokio::time::sleep(2 * crate::supervise::GRACE).await;
    assert_eq!(
        (stage.status().state, stage.status().starts),
        (State::Ready, 1)
    );
}

#[tokio::test]
async fn a_process_that_does_not_come_back_is_recycled() {
    let stage = stage(
        "if [ -e once ]; then reply fresh; else touch once; echo $$ > pid; sleep 3600; fi",
        limits(),
    );
    let mut running = stage.start();
    running.until(CallProgress::Running).await;
    until(|| stage.root.path().join("pid").exists()).await;
    running.cancel.cancel();
    assert!(running.end().await.is_err());
    until(|| stage.status().state == State::Idle).await;
    let pid = std::fs::read_to_string(stage.root.path().join("pid")).unwrap();
    until(|| !is_alive(pid.trim())).await;
    assert_eq!(stage.text().await, "fresh");
    // That was our own doing: nobody is told, nothing is counted.
    assert_eq!(
        (stage.notices().len(), stage.status().last_error),
        (0, None)
    );
}

#[tokio::test]
async fn calls_wait_in_line() {
    let stage = stage(
        "progress begun; while ! [ -e go ]; do sleep 0.01; done; reply done",
        Limits {
            concurrency: 1,
            ..limits()
        },
    );
    let mut first = stage.start();
    first.until(CallProgress::Running).await;
    let mut second = stage.start();
    second.until(CallProgress::Queued(0)).await;
    let mut third = stage.start();
    third.until(CallProgress::Queued(1)).await;
    let status = stage.status();
    assert_eq!((status.running, status.queued), (1, 2));
    std::fs::write(stage.root.path().join("go"), "").unwrap();
    assert!(first.end().await.is_ok());
    assert!(second.end().await.is_ok());
    third.until(CallProgress::Queued(0)).await;
    assert!(third.end().await.is_ok());
    let status = stage.status();
    assert_eq!((status.running, status.queued, status.starts), (0, 0, 1));
}

#[tokio::test]
async fn a_flood_on_standard_error_hurts_nobody() {
    let stage = stage(
        "head -c 2000000 /dev/zero | tr '\\0' x >&2; reply through",
        limits(),
    );
    assert_eq!(stage.text().await, "through");
}

#[tokio::test]
async fn a_flood_on_standard_output_ends_with_a_reason() {
    let small = Limits {
        message: 100_000,
        ..limits()
    };
    let stage = stage("yes 'this is not MCP'", small);
    let text = stage.text().await;
    assert!(
        text.starts_with("agent `fake` went away during the call: it wrote "),
        "{text}"
    );
    assert!(text.contains("that are no MCP messages"), "{text}");
    let endless = Limits {
        message: 100_000,
        ..limits()
    };
    let stage = self::stage(
        "printf '{\"id\":%s,\"result\":\"' $id; head -c 5000000 /dev/zero | tr '\\0' x; echo '\"}'",
        endless,
    );
    assert_eq!(
        stage.text().await,
        "the answer of agent `fake` is not usable: it has 4 MiB, more than the limit of 100000 bytes"
    );
}

#[tokio::test]
async fn changed_agents_finish_their_calls_and_unchanged_ones_stay() {
    let on_call = "while ! [ -e go ]; do sleep 0.01; done; reply old";
    let stage = stage(on_call, limits());
    let mut running = stage.start();
    running.until(CallProgress::Running).await;
    let unchanged = spec(&SERVER.replace("CALL", on_call), limits());
    stage.pool.configure(vec![unchanged]);
    let pid = stage.status().pid.expect("it was ended").to_string();
    stage
        .pool
        .configure(vec![spec(&SERVER.replace("CALL", "reply new"), limits())]);
    assert_eq!(stage.text().await, "new");
    assert!(is_alive(&pid));
    std::fs::write(stage.root.path().join("go"), "").unwrap();
    assert_eq!(running.end().await.unwrap().texts, ["old"]);
    until(|| !is_alive(&pid)).await;
}

#[tokio::test]
async fn shutting_down_leaves_nothing() {
    let stubborn = "trap '' TERM; echo $$ > pid; while :; do sleep 0.1; done";
    let stage = stage(stubborn, limits());
    let mut running = stage.start();
    running.until(CallProgress::Running).await;
    until(|| stage.root.path().join("pid").exists()).await;
    let start = Instant::now();
    stage.pool.shutdown().await;
    assert!(start.elapsed() < Duration::from_secs(2));
    assert_eq!(
        running.end().await.unwrap_err().to_string(),
        "agent `fake` went away during the call: Crosscheck is shutting down"
    );
    let pid = std::fs::read_to_string(stage.root.path().join("pid")).unwrap();
    assert!(!is_alive(pid.trim()));
    assert!(stage.call().await.is_err());
}

#[tokio::test]
async fn dropping_the_pool_ends_its_programs() {
    let stage = stage("reply fine", limits());
    assert_eq!(stage.text().await, "fine");
    let pid = stage.status().pid.unwrap().to_string();
    drop(stage);
    until(|| !is_alive(&pid)).await;
}

#[tokio::test]
async fn status_events_tell_each_step() {
    let states: Arc<Mutex<Vec<State>>> = Arc::default();
    let seen = Arc::clone(&states);
    let pool = Pool::new(Arc::new(move |event| {
        if let AgentEvent::Status(status) = event {
            seen.lock().unwrap().push(status.state);
        }
    }));
    let mut stage = stage("reply fine", limits());
    stage.pool = pool;
    stage
        .pool
        .configure(vec![spec(&SERVER.replace("CALL", "reply fine"), limits())]);
    assert_eq!(stage.text().await, "fine");
    stage.pool.restart("fake");
    assert_eq!(
        *states.lock().unwrap(),
        [State::Starting, State::Ready, State::Idle]
    );
}
