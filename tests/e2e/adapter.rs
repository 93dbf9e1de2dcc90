//! What holds for each adapter around a program that people have: the same scene, the same proofs, other models.

use crate::{CODE, until};
use expect_test::Expect;
use serde_json::{Value, json};
use tests::model::{End, Step};
use tests::{Mcp, Model, Sandbox, real, sandbox};

/// A workspace, the program as npm installs it, and its model.
pub(crate) struct Scene {
    pub(crate) sandbox: Sandbox,
    pub(crate) model: Model,
    name: &'static str,
}

impl Scene {
    /// The scene of the adapter `crosscheck agent NAME`, or `None` where its program is not installed.
    pub(crate) fn new(
        name: &'static str,
        install: fn(&mut Sandbox) -> Option<Model>,
    ) -> Option<Self> {
        let mut sandbox = sandbox!();
        sandbox.file("src/main.rs", CODE);
        let model = install(&mut sandbox)?;
        Some(Self {
            sandbox,
            model,
            name,
        })
    }

    /// Starts the adapter.
    pub(crate) fn start(&self) -> Mcp {
        start(&self.sandbox, self.name)
    }

    /// Arguments of `review` and `edit`.
    pub(crate) fn task(&self) -> Value {
        json!({ "instructions": "Do it.", "root": self.sandbox.root(), "targets": [{ "path": "src/main.rs" }] })
    }

    /// A review whose model reads the file before it answers; gives the answer.
    pub(crate) fn reviews(&self, read: Step) -> Value {
        let form = Step::form(real::finding(
            self.name,
            2,
            "add(1, 2)",
            "`add` does not exist",
        ))
        .usage(1000, 50);
        self.model.script([read, form]);
        let mut client = self.start();
        let answer = client.answer("review", self.task());
        assert_eq!(answer["findings"][0]["quote"], "add(1, 2)", "{answer:#}");
        assert!(answer["session"].is_string(), "{answer:#}");
        assert!(!client.progress.is_empty(), "it was said what happens");
        assert_eq!(client.asked, Vec::<Value>::new(), "a review asks nothing");
        assert_eq!(client.end(), 0);
        answer
    }

    /// An edit by these steps, which fix the file without a question.
    pub(crate) fn edits(&self, steps: impl IntoIterator<Item = Step>) {
        let done = Step::text("It is done.");
        self.model.script(steps.into_iter().chain([done]));
        let mut client = self.start();
        let answer = client.answer("edit", self.task());
        let fixed = CODE.replace("add(1, 2)", "1 + 2");
        assert_eq!(self.sandbox.read("src/main.rs"), fixed);
        assert_eq!(answer["summary"], "It is done.");
        assert_eq!(client.asked, Vec::<Value>::new());
    }

    /// An edit whose step runs `touch` on a file; whether that happens when the one question is answered so.
    pub(crate) fn touches(&self, step: Step, file: &std::path::Path, reply: Value) -> bool {
        self.model.script([step, Step::text("It is done.")]);
        let mut client = self.start();
        client.reply = reply;
        client.answer("edit", self.task());
        let [asked] = client.asked.as_slice() else {
            panic!("not one question: {:#?}", client.asked);
        };
        let params = &asked["params"];
        let message = params["message"].as_str().unwrap();
        let command = &params["_meta"]["crosscheck/approval"]["command"];
        assert!(message.contains("touch"), "{params:#}");
        assert!(command.as_str().unwrap().contains("touch"), "{params:#}");
        file.exists()
    }

    /// A command of an edit that would run for long is gone soon after its call is cancelled, and after the adapter is
    /// killed. `step` runs it; it is allowed where it is asked about.
    #[cfg(target_os = "linux")]
    pub(crate) fn ends_its_commands(&self, is_asked: bool, step: fn(&str) -> Step) {
        use std::os::unix::ffi::OsStrExt as _;
        for is_killed in [false, true] {
            let mark = format!("600.{}{}", std::process::id(), u8::from(is_killed));
            let is_running = || {
                let processes = std::fs::read_dir("/proc").unwrap().flatten();
                let mut commands =
                    processes.filter_map(|it| std::fs::read(it.path().join("cmdline")).ok());
                let sleep = std::ffi::OsString::from(format!("sleep\0{mark}\0"));
                commands.any(|command| command == sleep.as_bytes())
            };
            self.model.script([step(&format!("sleep {mark}"))]);
            let mut client = self.start();
            client.reply = replies()[0].0.clone();
            let id = client.begin("edit", self.task());
            while is_asked && client.asked.is_empty() {
                client.wait_for_progress();
            }
            until("the command runs", is_running);
            if is_killed {
                drop(client);
                until("it is gone with the adapter", || !is_running());
            } else {
                client.cancel(id);
                until("it is gone with its call", || !is_running());
            }
        }
    }

    /// A session goes on in another process of the adapter.
    pub(crate) fn remembers(&self) {
        let word = Step::text("The word was `teapot`.");
        self.model.script([Step::text("I shall."), word]);
        let mut client = self.start();
        let first = client.answer(
            "ask",
            question(&self.sandbox, "Remember the word `teapot`."),
        );
        assert_eq!(client.end(), 0);
        let mut request = question(&self.sandbox, "Which word?");
        request["session"] = first["session"].clone();
        let second = self.start().answer("ask", request);
        assert_eq!(second["text"], "The word was `teapot`.");
        let body = self.model.asked()[1].body.to_string();
        for said in ["Remember the word `teapot`.", "I shall."] {
            assert!(body.contains(said), "{said}: {body}");
        }
    }

    /// A cancelled call lets go of the model, and the next one is answered.
    pub(crate) fn can_be_cancelled(&self) {
        self.model.script([Step::silence(), Step::text("Here.")]);
        let mut client = self.start();
        let id = client.begin("ask", question(&self.sandbox, "Well?"));
        until("the model is asked", || !self.model.asked().is_empty());
        client.cancel(id);
        let answer = client.answer("ask", question(&self.sandbox, "Still there?"));
        assert_eq!(answer["text"], "Here.");
        until("the first request is gone", || {
            self.model.asked()[0].end == Some(End::ClientGone)
        });
    }

    /// A model that says nothing ends with Crosscheck's own deadline.
    pub(crate) fn has_a_deadline(&mut self) {
        self.model.always(Step::silence());
        let name = self.name;
        self.sandbox
            .config(&format!("[agents.{name}]\ntimeout = \"6s\""));
        let ran = self
            .sandbox
            .crosscheck(&["review", "src/main.rs", "--format", "json"]);
        assert_eq!(ran.code, 2, "what was not reviewed is never clean: {ran:?}");
        let document: Value = serde_json::from_str(&ran.stdout).unwrap();
        let reason = document["agents"][0]["reason"].as_str().unwrap();
        assert!(reason.contains("did not answer within 6s"), "{reason}");
        until("no request is left", || {
            let asked = self.model.asked();
            asked.iter().all(|it| it.end == Some(End::ClientGone))
        });
    }

    /// What a call says when the model's service does this to every request.
    pub(crate) fn says(&self, step: Step, said: &Expect) {
        self.model.always(step);
        let refusal = self
            .start()
            .refusal("ask", question(&self.sandbox, "Well?"));
        let address = self.model.url().replace("http://", "");
        said.assert_eq(&refusal.replace(&address, "[model]"));
    }
}

/// What a call says in this sandbox.
pub(crate) fn refusal(sandbox: &Sandbox, name: &str) -> String {
    let said = start(sandbox, name).refusal("ask", question(sandbox, "Well?"));
    sandbox.mask(&said)
}

/// Answers to a question, and whether the agent may go on then.
pub(crate) fn replies() -> [(Value, bool); 2] {
    let decision = |it: &str| json!({ "action": "accept", "content": { "decision": it } });
    [(decision("allow"), true), (decision("deny"), false)]
}

fn start(sandbox: &Sandbox, name: &str) -> Mcp {
    Mcp::start(sandbox, &["agent", name])
}

fn question(sandbox: &Sandbox, prompt: &str) -> Value {
    json!({ "prompt": prompt, "root": sandbox.root() })
}
