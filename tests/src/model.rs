//! Models that say what a test wants, behind the HTTP interfaces of their vendors, so that the agents people have
//! run here as they are: without a key, without the network, and with every fault that a model's service has.

mod messages;
mod responses;
mod step;

pub use step::Step;

use crate::http::{Exchange, Gone};
use serde_json::Value;
use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

/// A model's service on loopback. It stops when it is dropped.
pub struct Model {
    address: std::net::SocketAddr,
    shared: Arc<Shared>,
}

/// What a model was asked.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Headers, their names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: Value,
    /// How it ended; `None` while the answer is under way.
    pub end: Option<End>,
}

/// How the answer to a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It was given as the script said.
    Answered,
    /// The client went away before that.
    ClientGone,
}

/// Whose interface a model has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Vendor {
    OpenAi,
    Anthropic,
}

struct Shared {
    vendor: Vendor,
    script: Mutex<Script>,
    asked: Mutex<Vec<Asked>>,
    closed: AtomicBool,
}

struct Script {
    steps: VecDeque<Step>,
    /// What is said when there is no step left.
    otherwise: Step,
}

impl Model {
    /// A model behind OpenAI's Responses API, as Codex speaks it.
    pub fn openai() -> Self {
        Self::start(Vendor::OpenAi)
    }

    /// A model behind Anthropic's Messages API, as Claude Code speaks it.
    pub fn anthropic() -> Self {
        Self::start(Vendor::Anthropic)
    }

    /// Where the service is, without a path.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What the model says to the next requests, in this order, whoever makes them. Replaces what is left of an
    /// earlier script. After the last step the model says that it has nothing more to say.
    pub fn script(&self, steps: impl IntoIterator<Item = Step>) {
        let mut script = self.shared.script.lock().unwrap();
        script.steps = steps.into_iter().collect();
        script.otherwise = Step::text("I have nothing more to say.");
    }

    /// What the model says to every request from now on.
    pub fn always(&self, step: Step) {
        let mut script = self.shared.script.lock().unwrap();
        script.steps.clear();
        script.otherwise = step;
    }

    /// Everything that the model was asked so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.shared.asked.lock().unwrap().clone()
    }

    fn start(vendor: Vendor) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            vendor,
            script: Mutex::new(Script {
                steps: VecDeque::new(),
                otherwise: Step::text("No script was set."),
            }),
            asked: Mutex::default(),
            closed: AtomicBool::new(false),
        });
        let model = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if model.closed.load(Ordering::SeqCst) {
                    break;
                }
                let model = Arc::clone(&model);
                // A client that goes away is recorded where it matters.
                std::thread::spawn(move || drop(stream.and_then(|it| model.serve(it))));
            }
        });
        Self { address, shared }
    }
}

impl Drop for Model {
    fn drop(&mut self) {
        self.shared.closed.store(true, Ordering::SeqCst);
        // Wakes the listener, which then sees that it is closed.
        drop(TcpStream::connect(self.address));
    }
}

impl Shared {
    /// Answers the one request of a connection.
    fn serve(&self, stream: TcpStream) -> io::Result<()> {
        let mut exchange = Exchange::read(stream)?;
        let path = exchange.path().to_owned();
        let wanted = match self.vendor {
            Vendor::OpenAi => "/responses",
            Vendor::Anthropic => "/v1/messages",
        };
        if exchange.method() != "POST" || !path.ends_with(wanted) {
            return Self::aside(&mut exchange, &path);
        }
        let body: Value = serde_json::from_slice(exchange.body())?;
        let number = self.record(&exchange, &body);
        let end = match self.answer(&mut exchange, &body) {
            Ok(()) => End::Answered,
            Err(Gone) => End::ClientGone,
        };
        self.asked.lock().unwrap()[number].end = Some(end);
        Ok(())
    }

    /// Answers what is not for the model itself.
    fn aside(exchange: &mut Exchange, path: &str) -> io::Result<()> {
        let empty = serde_json::json!({ "object": "list", "data": [], "models": [], "has_more": false, "input_tokens": 1 });
        let is_known = path.ends_with("/models")
            || path.ends_with("/count_tokens")
            || exchange.method() == "HEAD";
        let status = if is_known { 200 } else { 404 };
        exchange
            .json(status, &empty)
            .map_err(|Gone| io::ErrorKind::BrokenPipe.into())
    }

    fn record(&self, exchange: &Exchange, body: &Value) -> usize {
        let mut asked = self.asked.lock().unwrap();
        asked.push(Asked {
            headers: exchange.headers().clone(),
            body: body.clone(),
            end: None,
        });
        asked.len() - 1
    }

    fn answer(&self, exchange: &mut Exchange, body: &Value) -> Result<(), Gone> {
        let step = self.script.lock().unwrap().next();
        exchange.wait(step.delay, &self.closed)?;
        if step.is_silent() {
            return exchange.wait_for_the_end(&self.closed);
        }
        if let Some(status) = step.status {
            return exchange.json(status, &self.error(status));
        }
        match self.vendor {
            Vendor::OpenAi => responses::answer(exchange, &step, body, &self.closed),
            Vendor::Anthropic => messages::answer(exchange, &step, body, &self.closed),
        }
    }

    /// An error as the vendor words it.
    fn error(&self, status: u16) -> Value {
        let message = format!("the model's service refused with {status}");
        match self.vendor {
            Vendor::OpenAi => responses::error(&message),
            Vendor::Anthropic => messages::error(status, &message),
        }
    }
}

impl Script {
    fn next(&mut self) -> Step {
        let Some(step) = self.steps.front_mut() else {
            return self.otherwise.clone();
        };
        let said = step.clone();
        step.times -= 1;
        if step.times == 0 {
            self.steps.pop_front();
        }
        said
    }
}
