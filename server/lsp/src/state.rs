//! All that the server knows. Only the main loop and the handlers that it calls change it.

use crate::capabilities::Capabilities;
use crate::client::Client;
use crate::documents::{Document, Documents};
use crate::event::Event;
use crate::publish::Published;
use crate::roots::{Root, Roots};
use crate::runs::Runs;
use crate::settings::Settings;
use engine::Engine;
use std::path::Path;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio::time::Instant;

/// Makes the engine, given where its events go. Called once, when it is first needed.
pub type EngineFactory = Box<dyn FnOnce(Arc<dyn Fn(engine::Event) + Send + Sync>) -> Engine + Send>;

/// Where the connection is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Lifecycle {
    /// Nothing but `initialize` may be asked.
    New,
    /// Everything may be asked.
    Initialized,
    /// Nothing may be asked any more.
    ShutDown,
}

/// The state of the server.
pub(crate) struct State {
    /// The way to the client.
    pub(crate) client: Client,
    /// What the client can do.
    pub(crate) capabilities: Capabilities,
    /// Where the connection is in its life.
    pub(crate) lifecycle: Lifecycle,
    /// Set when the server is to end, with its exit code.
    pub(crate) exit: Option<i32>,
    /// The client's process, from `initialize`.
    pub(crate) client_process: Option<u32>,
    /// The open documents.
    pub(crate) documents: Documents,
    /// The workspace roots.
    pub(crate) roots: Roots,
    /// The runs.
    pub(crate) runs: Runs,
    /// The editor's settings and the problems in the configuration.
    pub(crate) settings: Settings,
    /// What the editor shows.
    pub(crate) published: Published,
    engine: EngineSlot,
}

struct EngineSlot {
    factory: Option<EngineFactory>,
    engine: Option<Engine>,
    events: mpsc::UnboundedSender<Event>,
}

impl State {
    /// A server that nobody has talked to yet.
    pub(crate) fn new(factory: EngineFactory, events: mpsc::UnboundedSender<Event>) -> Self {
        Self {
            client: Client::default(),
            capabilities: Capabilities::default(),
            lifecycle: Lifecycle::New,
            exit: None,
            client_process: None,
            documents: Documents::default(),
            roots: Roots::default(),
            runs: Runs::default(),
            settings: Settings::default(),
            published: Published::default(),
            engine: EngineSlot {
                factory: Some(factory),
                engine: None,
                events,
            },
        }
    }

    /// The engine; made now if need be. `None` once the server ends.
    pub(crate) fn engine(&mut self) -> Option<&Engine> {
        if let Some(factory) = self.engine.factory.take() {
            let events = self.engine.events.clone();
            // Nobody listens any more when the loop has ended; then nothing is lost.
            let engine = factory(Arc::new(move |event| {
                drop(events.send(Event::Engine(event)))
            }));
            if let Some(settings) = self.settings.merged() {
                engine.set_settings(settings);
            }
            self.engine.engine = Some(engine);
        }
        self.engine.engine.as_ref()
    }

    /// The engine if it was ever needed, to end it. None is made afterwards.
    pub(crate) fn take_engine(&mut self) -> Option<Engine> {
        self.engine.factory = None;
        self.engine.engine.take()
    }

    /// Tells the engine of every root that it does not know yet.
    pub(crate) fn open_roots(&mut self) {
        let new: Vec<Arc<Path>> = self
            .roots
            .iter()
            .filter(|it| !it.is_open)
            .map(|it| Arc::clone(&it.path))
            .collect();
        for path in new {
            if let Some(engine) = self.engine() {
                engine.open(&path);
            }
            if let Some(root) = self.roots.get_mut(&path) {
                root.is_open = true;
            }
        }
    }

    /// An open document that can be reviewed, with its root.
    pub(crate) fn placed(&mut self, uri: &str) -> Option<(&Document, &mut Root)> {
        let document = self.documents.get(uri)?;
        let place = document.place.as_ref().ok()?;
        let root = self.roots.get_mut(&place.root)?;
        Some((document, root))
    }

    /// When the loop should wake without being told anything. While the client is behind with reading nothing is due.
    pub(crate) fn due(&self) -> Option<Instant> {
        if self.client.is_congested() {
            return None;
        }
        self.roots.iter().filter_map(|it| it.findings.due()).min()
    }
}
