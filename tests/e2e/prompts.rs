//! What agents ask, at a terminal and without one, and what the configuration answers.

use crate::{FINDS_NOTHING, workspace};
use serde_json::{Value, json};
use tests::Sandbox;

/// A script whose agent asks these things one after the other, and then finds nothing.
fn asks(questions: &[Value]) -> String {
    let asks = questions.iter().map(|it| format!("ask {it}\n"));
    FINDS_NOTHING.replace("answer", &format!("{}answer", asks.collect::<String>()))
}

/// The question whether a command may be run.
fn command(command: &str) -> Value {
    json!({
        "message": "May I run this?",
        "requestedSchema": { "type": "object", "properties": {
            "decision": { "type": "string", "enum": ["allow", "allow_for_run", "deny"] },
        }, "required": ["decision"] },
        "_meta": { "crosscheck/approval": { "command": command } },
    })
}

/// What the agent was answered, in order.
fn answers(sandbox: &Sandbox) -> Vec<Value> {
    let log = sandbox.sent_to("alpha");
    let messages = log
        .lines()
        .filter_map(|it| serde_json::from_str::<Value>(it).ok());
    let answers = messages.filter(|it| it["method"].is_null() && it["id"].as_u64() >= Some(1000));
    answers
        .map(|it| match &it["result"]["content"]["decision"] {
            Value::Null if it["result"]["action"] == "decline" => json!("deny"),
            Value::Null => it["result"].clone(),
            decision => decision.clone(),
        })
        .collect()
}

#[test]
fn without_a_terminal_it_is_denied_at_once_and_said_how_to_allow_it() {
    let mut sandbox = workspace(&asks(&[command("npm test"), command("npm test; x")]));
    let ran = sandbox.crosscheck(&["review", "src/main.rs"]);
    assert_eq!(answers(&sandbox), ["deny", "deny"], "{ran:?}");
    assert_eq!(ran.code, 0, "{ran:?}");
    for said in [
        "agent `alpha` asked to run `npm test` and was denied: there is no terminal to ask at; `approve = [\"npm test\"]`",
        "agent `alpha` asked to run `npm test; x` and was denied",
    ] {
        assert!(ran.stderr.contains(said), "{said} is not in {}", ran.stderr);
    }
    std::fs::remove_file(sandbox.agent_log("alpha")).unwrap();
    sandbox.config("approve = [\"npm test*\"]");
    let ran = sandbox.crosscheck(&["review", "src/main.rs", "--fresh"]);
    assert_eq!(answers(&sandbox), ["allow", "deny"], "{ran:?}");
    let said = "agent `alpha` was allowed 1 command by the configuration";
    assert!(ran.stderr.contains(said), "{}", ran.stderr);
}

#[test]
fn never_is_never_asked() {
    let mut sandbox = workspace(&asks(&[command("npm test")]));
    sandbox.config("approve = \"never\"");
    let ran = sandbox.crosscheck(&["review", "src/main.rs", "--format", "json"]);
    assert_eq!(answers(&sandbox), ["deny"]);
    let document: Value = serde_json::from_str(&ran.stdout).unwrap();
    let note = document["notes"][0].as_str().unwrap();
    assert!(note.contains("`approve` is \"never\""), "{note}");
}

#[cfg(target_os = "linux")]
mod at_a_terminal {
    use super::*;
    use std::io::{Read, Write};
    use std::process::{Child, ChildStdin, Stdio};
    use std::sync::{Arc, Mutex};
    use std::time::{Duration, Instant};
    use tests::PATIENCE;

    /// A review at a terminal, which `script` makes.
    struct Terminal {
        child: Child,
        keys: ChildStdin,
        screen: Arc<Mutex<String>>,
        /// How much of the screen was waited for.
        seen: usize,
    }

    impl Terminal {
        fn review(sandbox: &Sandbox) -> Self {
            let line = format!("{} review src/main.rs", sandbox.program().display());
            let path = std::env::var("PATH").unwrap();
            let mut child = sandbox
                .command("script")
                .args(["-q", "-e", "-c", &line, "/dev/null"])
                .env("TERM", "xterm")
                .env("SHELL", "/bin/sh")
                .env(
                    "PATH",
                    format!("{}:{path}", sandbox.path().join("openers").display()),
                )
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
            let (keys, mut output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
            let screen = Arc::new(Mutex::new(String::new()));
            let shown = screen.clone();
            std::thread::spawn(move || {
                let mut buffer = [0; 4096];
                while let Ok(read @ 1..) = output.read(&mut buffer) {
                    shown
                        .lock()
                        .unwrap()
                        .push_str(&String::from_utf8_lossy(&buffer[..read]));
                }
            });
            Self {
                child,
                keys,
                screen,
                seen: 0,
            }
        }
        /// Waits until this is shown, after what was waited for before.
        fn shows(&mut self, text: &str) {
            let deadline = Instant::now() + PATIENCE;
            loop {
                let screen = self.screen.lock().unwrap();
                if let Some(at) = screen.get(self.seen..).and_then(|it| it.find(text)) {
                    self.seen += at + text.len();
                    return;
                }
                assert!(
                    Instant::now() < deadline,
                    "waited for {text:?}; the screen is:\n{screen}"
                );
                drop(screen);
                std::thread::sleep(Duration::from_millis(10));
            }
        }
        fn types(&mut self, text: &str) {
            self.keys.write_all(text.as_bytes()).unwrap();
        }
        fn ends(mut self) -> i32 {
            self.shows("nothing found");
            let code = self.child.wait().unwrap().code();
            code.unwrap_or(-1)
        }
    }

    #[test]
    fn a_question_is_a_prompt() {
        let sandbox = workspace(&asks(&[
            command("npm test"),
            command("npm test"),
            command("npm run other"),
            command("npm run third"),
        ]));
        let mut terminal = Terminal::review(&sandbox);
        terminal.shows("wants to run a command");
        terminal.shows("npm test");
        terminal.shows("[d] ");
        terminal.types("what?\n");
        terminal.shows("please type one of the letters");
        terminal.shows("[d] ");
        terminal.types("r\n");
        // The second one is allowed with the first.
        terminal.shows("npm run other");
        terminal.shows("[d] ");
        terminal.types("a\n");
        terminal.shows("npm run third");
        terminal.shows("[d] ");
        terminal.types("\n");
        assert_eq!(terminal.ends(), 0);
        assert_eq!(
            answers(&sandbox),
            ["allow_for_run", "allow", "allow", "deny"]
        );
    }

    #[test]
    fn a_deadline_ends_the_prompt() {
        let mut sandbox = workspace(&asks(&[command("npm test")]));
        sandbox.config("[limits]\napproval = \"2s\"");
        let mut terminal = Terminal::review(&sandbox);
        terminal.shows("npm test");
        terminal.shows("no answer in time: denied");
        terminal.shows("asked to run `npm test` and got no answer within 2 seconds; it was denied");
        assert_eq!(terminal.ends(), 0);
        assert_eq!(answers(&sandbox), ["deny"]);
    }

    #[test]
    fn a_form_and_a_page() {
        use std::os::unix::fs::PermissionsExt;
        let form = json!({
            "message": "How?", "requestedSchema": { "type": "object", "properties": {
                "depth": { "type": "string", "enum": ["shallow", "deep"] },
                "tests": { "type": "boolean", "default": true },
            }, "required": ["depth"] },
        });
        let page = json!({ "mode": "url", "message": "Log in", "url": "https://example.org/login?a=b&c", "elicitationId": "1" });
        let sandbox = workspace(&asks(&[form, page]));
        let bin = sandbox.path().join("openers");
        let opened = sandbox.path().join("opened");
        std::fs::create_dir(&bin).unwrap();
        let opener = bin.join("xdg-open");
        std::fs::write(
            &opener,
            format!(
                "#!/bin/sh\nprintf %s \"$1\" > {0}.new && mv {0}.new {0}\n",
                opened.display()
            ),
        )
        .unwrap();
        std::fs::set_permissions(&opener, PermissionsExt::from_mode(0o755)).unwrap();
        let mut terminal = Terminal::review(&sandbox);
        terminal.shows("2) deep");
        terminal.shows("[d] ");
        terminal.types("2\n");
        terminal.shows("a number");
        terminal.types("\n");
        terminal.shows("https://example.org/login");
        terminal.shows("[d] ");
        terminal.types("o\n");
        assert_eq!(terminal.ends(), 0);
        let [form, page] = &answers(&sandbox)[..] else {
            panic!("two answers: {:?}", answers(&sandbox));
        };
        assert_eq!(form["content"], json!({ "depth": "deep", "tests": true }));
        assert_eq!(page["action"], "accept");
        let deadline = Instant::now() + PATIENCE;
        while !opened.exists() {
            assert!(Instant::now() < deadline, "the page was not opened");
            std::thread::sleep(Duration::from_millis(10));
        }
        assert_eq!(
            std::fs::read_to_string(opened).unwrap(),
            "https://example.org/login?a=b&c"
        );
    }
}
