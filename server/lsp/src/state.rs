//! All that the server knows. Only the main loop and the handlers that it calls change it.

use crate::capabilities::Capabilities;
use crate::client::Client;
use crate::documents::{Document, Documents, Place};
use crate::event::Event;
use crate::hidden::Hidden;
use crate::preview;
use crate::proposals::Proposals;
use crate::publish::{self, Published};
use crate::questions::{self, Queue};
use crate::roots::{self, Root, Roots};
use crate::runs::Runs;
use crate::settings::Settings;
use crate::status::Status;
use engine::{Engine, Which};
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
    /// The proposals.
    pub(crate) proposals: Proposals,
    /// The previews that the client may show.
    pub(crate) previews: preview::Documents,
    /// The temporary files of previews.
    pub(crate) preview_files: preview::Files,
    /// The list of what is hidden.
    pub(crate) hidden: Hidden,
    /// The questions that wait for the user.
    pub(crate) questions: Queue,
    /// The editor's settings and the problems in the configuration.
    pub(crate) settings: Settings,
    /// What the editor shows.
    pub(crate) published: Published,
    /// What the status line of the editor shows.
    pub(crate) status: Status,
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
            proposals: Proposals::default(),
            previews: preview::Documents::default(),
            preview_files: preview::Files::default(),
            hidden: Hidden::default(),
            questions: Queue::default(),
            settings: Settings::default(),
            published: Published::default(),
            status: Status::default(),
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

    /// The engine if it was ever needed.
    pub(crate) fn engine_if_made(&self) -> Option<&Engine> {
        self.engine.engine.as_ref()
    }

    /// The engine if it was ever needed, to end it. None is made afterwards.
    pub(crate) fn take_engine(&mut self) -> Option<Engine> {
        self.engine.factory = None;
        self.engine.engine.take()
    }

    /// Tells the engine of every root that it does not know yet.
    pub(crate) fn open_roots(&mut self) {
        let is_first = self.engine_if_made().is_none();
        let is_any = self.roots.iter().any(|it| !it.is_open);
        let new: Vec<Arc<Path>> = self
            .roots
            .iter()
            .filter(|it| !it.is_open)
            .map(|it| Arc::clone(&it.path))
            .collect();
        for path in new {
            if let Some(engine) = self.engine() {
                engine.open(&path);
                engine.recall_proposals(&path, Which::Open);
                engine.recall_applications(&path);
            }
            if let Some(root) = self.roots.get_mut(&path) {
                root.is_open = true;
            }
        }
        if let Some(engine) = self.engine_if_made().filter(|_| is_any) {
            engine.recall_records();
        }
        // Whatever other windows and terminals do is learnt again when a run begins or ends here.
        if let Some(engine) = self.engine_if_made().filter(|_| is_first) {
            engine.spent_today();
        }
    }

    /// Where a document that is opened lies. Of a file that is open under several names (behind a link, spelt in
    /// another way) only the first can be reviewed: findings stand in one text.
    ///
    /// # Errors
    /// A sentence when it cannot be reviewed.
    pub(crate) fn place(&mut self, uri: &str) -> Result<Place, String> {
        let file = crate::uri::to_path(uri).map(|it| roots::canonical(&it));
        if file.is_ok_and(|it| self.preview_files.has(&it)) {
            return Err("it is a preview".to_owned());
        }
        let place = self.roots.place(uri)?;
        match self.documents.at(&place.root, &place.path) {
            Some(other) if other.uri != uri => {
                Err(format!("the same file is open as {} already", other.uri))
            }
            _ => Ok(place),
        }
    }

    /// Finds the places of all open documents anew, and returns those whose place is another one now, by URI.
    pub(crate) fn place_documents(&mut self) -> Vec<String> {
        self.place_those(|_| true)
    }

    /// The same for those that have no place: another name of their file may have been closed.
    pub(crate) fn place_unplaced(&mut self) -> Vec<String> {
        self.place_those(|it| it.place.is_err())
    }

    fn place_those(&mut self, is_meant: impl Fn(&Document) -> bool) -> Vec<String> {
        let meant = self.documents.iter().filter(|it| is_meant(it));
        let uris: Vec<String> = meant.map(|it| it.uri.clone()).collect();
        let mut moved = Vec::new();
        for uri in uris {
            let place = self.place(&uri);
            if self.documents.set_place(&uri, place) {
                moved.push(uri);
            }
        }
        moved
    }

    /// Closes the roots that only documents led to, once nothing is open, found or running there.
    pub(crate) fn close_unused_roots(&mut self) {
        let is_used = |root: &Root| {
            root.is_folder
                || root.findings.has_any()
                || self.proposals.is_waiting_in(&root.path)
                || self.runs.is_running_in(&root.path)
                || self
                    .documents
                    .iter()
                    .any(|it| matches!(&it.place, Ok(place) if place.root == root.path))
        };
        let unused = self.roots.iter().filter(|it| !is_used(it));
        let unused: Vec<Arc<Path>> = unused.map(|it| Arc::clone(&it.path)).collect();
        for path in unused {
            self.close_root(&path);
        }
    }

    /// Closes a root and takes all of it from the screen.
    pub(crate) fn close_root(&mut self, path: &Path) {
        let Some(root) = self.roots.remove(path) else {
            return;
        };
        if root.is_open
            && let Some(engine) = self.engine()
        {
            engine.close(path);
        }
        questions::root_closed(self, path);
        self.settings.shown_problems.remove(path);
        publish::retract(self, root);
    }

    /// The URI of a file by its canonical path: the client's own where it is open.
    pub(crate) fn uri_of(&self, file: &Path) -> String {
        if let Some(document) = self.documents.at_path(file) {
            return document.uri.clone();
        }
        let place = self.roots.locate(file);
        let root = place.as_ref().and_then(|it| self.roots.get(&it.root));
        match (root, place.as_ref()) {
            (Some(root), Some(place)) => root.uri_of(&place.path),
            _ => crate::uri::from_path(file),
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
        let findings = self.roots.iter().filter_map(|it| it.findings.due());
        let others = [
            self.questions.due(),
            self.hidden.due(),
            self.proposals.due(),
            self.status.due(),
        ];
        findings.chain(others.into_iter().flatten()).min()
    }
}
