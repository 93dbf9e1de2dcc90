//! The one app-server that all calls share: started with the first call, started again when it has ended.

use super::app_server::{AppServer, Launched};
use super::failure::Failure;
use super::sessions::Sessions;
use std::sync::Arc;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Starts the program.
pub(super) type Launch = Box<dyn Fn() -> Result<Launched, Failure> + Send + Sync>;

/// Where calls find their app-server.
pub(super) struct Host {
    launch: Launch,
    current: Mutex<Option<Arc<AppServer>>>,
    pub(super) sessions: Sessions,
    end: CancellationToken,
    /// The supervision of each program; ends with it.
    tasks: TaskTracker,
}

impl Host {
    pub(super) fn new(launch: Launch) -> Self {
        Self {
            launch,
            current: Mutex::default(),
            sessions: Sessions::default(),
            end: CancellationToken::new(),
            tasks: TaskTracker::new(),
        }
    }

    /// An app-server that is ready. While one is starting, others wait for it.
    pub(super) async fn server(&self) -> Result<Arc<AppServer>, Failure> {
        let mut current = self.current.lock().await;
        if let Some(server) = current.as_ref().filter(|server| server.is_open()) {
            return Ok(Arc::clone(server));
        }
        // Let go first: what has retired ends with its last call.
        *current = None;
        let launched = (self.launch)()?;
        let server = AppServer::start(launched, self.end.child_token(), &self.tasks).await?;
        Ok(Arc::clone(current.insert(Arc::new(server))))
    }

    /// Ends all programs and waits until they are gone.
    pub(super) async fn shut_down(&self) {
        self.end.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}
