//! The script of the fake agent: sections of steps, one a line.
//!
//! ```text
//! tools review ask            which tools there are (default: review edit ask)
//! protocol 2025-06-18         the revision it claims (default: what the client offers)
//! ignore-eof                  lives on when its input ends
//! on start                    steps before anything is read
//! on handshake                steps before `initialize` is answered
//! on call                     steps of a call; a further `on call` is for the next call, the last one repeats
//! ```
//! Steps are described at [`Step`]; empty lines and those that start with `#` are skipped.

use serde_json::Value;
use std::time::Duration;

/// What the agent does.
pub(crate) struct Script {
    pub(crate) tools: Vec<String>,
    pub(crate) protocol: Option<String>,
    pub(crate) ignores_eof: bool,
    pub(crate) start: Vec<Step>,
    pub(crate) handshake: Vec<Step>,
    calls: Vec<Vec<Step>>,
}

/// One thing to do.
pub(crate) enum Step {
    /// `answer JSON`: structured content, and the same as text.
    Answer(Value),
    /// `text WORDS`: a text answer; `\n` means a line end.
    Text(String),
    /// `echo`: the arguments of the call, as text.
    Echo,
    /// `is-error WORDS`: a tool error.
    IsError(String),
    /// `result JSON`: a result as it is.
    Result(Value),
    /// `error WORDS`: a JSON-RPC error.
    Error(String),
    /// `wrong-id JSON`: a result for a request that nobody made.
    WrongId(Value),
    /// `giant BYTES`: a text answer of that size.
    Giant(usize),
    /// `progress FRACTION WORDS`.
    Progress { fraction: f64, message: String },
    /// `flood BYTES`: notifications of that total size.
    Flood(usize),
    /// `line WORDS`: one line as it is.
    Line(String),
    /// `long-line BYTES`: one notification of that size.
    LongLine(usize),
    /// `garbage BYTES`: one line that is neither JSON nor UTF-8.
    Garbage(usize),
    /// `half-line WORDS`: text without a line end.
    HalfLine(String),
    /// `stderr WORDS`.
    Stderr(String),
    /// `stderr-flood BYTES`.
    StderrFlood(usize),
    /// `ask JSON`: an elicitation; goes on when it is answered.
    Ask(Value),
    /// `roots`: asks for the roots and logs the answer.
    Roots,
    /// `sleep MILLISECONDS`.
    Sleep(Duration),
    /// `touch FILE`.
    Touch(String),
    /// `write PATH TEXT`: makes or replaces a file below the call's `root`; `\n` means a line end.
    Write { path: String, text: String },
    /// `replace PATH OLD => NEW`: changes each `OLD` in a file below the call's `root`; `\n` means a line end.
    Replace {
        path: String,
        old: String,
        new: String,
    },
    /// `delete PATH`: removes a file below the call's `root`.
    Delete(String),
    /// `rename FROM TO`: moves a file below the call's `root`.
    Rename { from: String, to: String },
    /// `chmod MODE PATH`: the octal mode of a file below the call's `root`; Unix only.
    Chmod { mode: u32, path: String },
    /// `symlink TARGET PATH`: makes a symbolic link below the call's `root`; Unix only.
    Symlink { target: String, path: String },
    /// `pid DIRECTORY`: makes a file there whose name is the id of this process.
    Pid(String),
    /// `wait-for FILE`: until it exists.
    WaitFor(String),
    /// `wait-cancelled`: until this call is cancelled.
    WaitCancelled,
    /// `hang`: for ever.
    Hang,
    /// `exit CODE`.
    Exit(i32),
    /// `exit-once FILE`: ends with code 1 unless the file exists, and makes it.
    ExitOnce(String),
}

impl Script {
    /// Reads a script; a mistake in it ends the program.
    pub(crate) fn parse(text: &str) -> Self {
        let tools = ["review", "edit", "ask"].map(str::to_owned).to_vec();
        let mut script = Self {
            tools,
            protocol: None,
            ignores_eof: false,
            start: vec![],
            handshake: vec![],
            calls: vec![],
        };
        let mut section = Section::None;
        for line in text
            .lines()
            .map(str::trim)
            .filter(|it| !it.is_empty() && !it.starts_with('#'))
        {
            let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
            match (word, rest) {
                ("tools", _) => script.tools = rest.split_whitespace().map(str::to_owned).collect(),
                ("protocol", _) => script.protocol = Some(rest.to_owned()),
                ("ignore-eof", _) => script.ignores_eof = true,
                ("on", "start") => section = Section::Start,
                ("on", "handshake") => section = Section::Handshake,
                ("on", "call") => {
                    script.calls.push(Vec::new());
                    section = Section::Call;
                }
                _ => script.steps(&section).push(Step::parse(word, rest)),
            }
        }
        script
    }

    fn steps(&mut self, section: &Section) -> &mut Vec<Step> {
        match section {
            Section::Start => &mut self.start,
            Section::Handshake => &mut self.handshake,
            Section::Call => self.calls.last_mut().unwrap(),
            Section::None => panic!("a step before the first `on …`"),
        }
    }

    /// The steps of call number `call`, counted from 0.
    pub(crate) fn steps_of(&self, call: usize) -> &[Step] {
        self.calls
            .get(call)
            .or(self.calls.last())
            .map_or(&[], Vec::as_slice)
    }
}

enum Section {
    None,
    Start,
    Handshake,
    Call,
}

impl Step {
    fn parse(word: &str, rest: &str) -> Self {
        let json =
            || serde_json::from_str(rest).unwrap_or_else(|error| panic!("{word}: {error}: {rest}"));
        let number = || {
            rest.parse::<usize>()
                .unwrap_or_else(|error| panic!("{word}: {error}: {rest}"))
        };
        let words = || rest.replace("\\n", "\n");
        let two = || {
            let (first, second) = rest.split_once(' ').unwrap_or((rest, ""));
            (first.to_owned(), second.replace("\\n", "\n"))
        };
        match word {
            "answer" => Self::Answer(json()),
            "text" => Self::Text(words()),
            "echo" => Self::Echo,
            "is-error" => Self::IsError(words()),
            "result" => Self::Result(json()),
            "error" => Self::Error(words()),
            "wrong-id" => Self::WrongId(json()),
            "giant" => Self::Giant(number()),
            "progress" => {
                let (fraction, message) = rest.split_once(' ').unwrap_or((rest, ""));
                Self::Progress {
                    fraction: fraction.parse().unwrap(),
                    message: message.to_owned(),
                }
            }
            "flood" => Self::Flood(number()),
            "line" => Self::Line(rest.to_owned()),
            "long-line" => Self::LongLine(number()),
            "garbage" => Self::Garbage(number()),
            "half-line" => Self::HalfLine(rest.to_owned()),
            "stderr" => Self::Stderr(words()),
            "stderr-flood" => Self::StderrFlood(number()),
            "ask" => Self::Ask(json()),
            "roots" => Self::Roots,
            "sleep" => Self::Sleep(Duration::from_millis(number() as u64)),
            "touch" => Self::Touch(rest.to_owned()),
            "write" => {
                let (path, text) = two();
                Self::Write { path, text }
            }
            "replace" => {
                let (path, change) = two();
                let (old, new) = change
                    .split_once(" => ")
                    .unwrap_or_else(|| panic!("{word}: no ` => `: {rest}"));
                Self::Replace {
                    path,
                    old: old.to_owned(),
                    new: new.to_owned(),
                }
            }
            "delete" => Self::Delete(rest.to_owned()),
            "rename" => {
                let (from, to) = two();
                Self::Rename { from, to }
            }
            "chmod" => {
                let (mode, path) = two();
                let mode = u32::from_str_radix(&mode, 8).unwrap();
                Self::Chmod { mode, path }
            }
            "symlink" => {
                let (target, path) = two();
                Self::Symlink { target, path }
            }
            "pid" => Self::Pid(rest.to_owned()),
            "wait-for" => Self::WaitFor(rest.to_owned()),
            "wait-cancelled" => Self::WaitCancelled,
            "hang" => Self::Hang,
            "exit-once" => Self::ExitOnce(rest.to_owned()),
            "exit" => Self::Exit(rest.parse().unwrap()),
            _ => panic!("no step `{word}`"),
        }
    }
}
