//! Watching the client's process, so that the server ends with it even when its pipes stay open.

use std::time::Duration;

/// How often a process is looked for where the system cannot tell of its end.
const INTERVAL: Duration = Duration::from_millis(500);
/// Stack of the thread that waits for the process, in bytes; it does nothing else.
#[cfg(target_os = "linux")]
const WATCH_STACK: usize = 64 << 10;

/// The client's process.
#[derive(Debug)]
pub(crate) enum Lifeline {
    /// Not known yet.
    Unknown,
    /// Not to be watched: the client named none, or one that does not exist here (it may live in another container).
    None,
    /// The system tells of its end.
    #[cfg(target_os = "linux")]
    Told(tokio::sync::oneshot::Receiver<()>),
    /// It has to be looked for.
    Polled(u32),
}

impl Lifeline {
    /// Watches a process, once.
    pub(crate) fn watch(&mut self, process: Option<u32>) {
        if let (Self::Unknown, Some(process)) = (&self, process) {
            *self = Self::of(process);
        }
    }

    /// Waits for its end; for ever if it is not watched.
    pub(crate) async fn ended(&mut self) {
        match self {
            Self::Unknown | Self::None => std::future::pending().await,
            #[cfg(target_os = "linux")]
            Self::Told(end) => {
                let is_told = end.await.is_ok();
                if !is_told {
                    *self = Self::None;
                    std::future::pending::<()>().await;
                }
            }
            Self::Polled(process) => {
                while exists(*process) {
                    tokio::time::sleep(INTERVAL).await;
                }
            }
        }
    }

    fn of(process: u32) -> Self {
        if !exists(process) {
            tracing::info!("the client's process {process} does not exist here and is not watched");
            return Self::None;
        }
        #[cfg(target_os = "linux")]
        if let Some(end) = end_of(process) {
            return Self::Told(end);
        }
        Self::Polled(process)
    }
}

/// Is told when the process ends: a thread sleeps until the system wakes it.
#[cfg(target_os = "linux")]
fn end_of(process: u32) -> Option<tokio::sync::oneshot::Receiver<()>> {
    use rustix::event::{PollFd, PollFlags, poll};
    use rustix::process::{Pid, PidfdFlags, pidfd_open};
    let process = Pid::from_raw(i32::try_from(process).ok()?)?;
    let end = pidfd_open(process, PidfdFlags::empty()).ok()?;
    let (tell, told) = tokio::sync::oneshot::channel();
    let wait = move || {
        loop {
            match poll(&mut [PollFd::new(&end, PollFlags::IN)], None) {
                Ok(_) => break,
                Err(rustix::io::Errno::INTR) => {}
                Err(_) => return,
            }
        }
        // The server may have ended before its client.
        let _ = tell.send(());
    };
    std::thread::Builder::new()
        .name("client-end".to_owned())
        .stack_size(WATCH_STACK)
        .spawn(wait)
        .ok()?;
    Some(told)
}

#[cfg(unix)]
fn exists(process: u32) -> bool {
    use rustix::process::{Pid, test_kill_process};
    let Some(process) = i32::try_from(process).ok().and_then(Pid::from_raw) else {
        return false;
    };
    // A process of somebody else exists, too.
    !matches!(test_kill_process(process), Err(rustix::io::Errno::SRCH))
}

#[cfg(not(unix))]
fn exists(_process: u32) -> bool {
    // The end of its pipes tells of the client's end there.
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_processes_that_exist_are_watched() {
        assert!(matches!(Lifeline::of(u32::MAX), Lifeline::None));
        assert!(!matches!(
            Lifeline::of(std::process::id()),
            Lifeline::None | Lifeline::Unknown
        ));
        let mut lifeline = Lifeline::Unknown;
        lifeline.watch(None);
        assert!(
            matches!(lifeline, Lifeline::Unknown),
            "the client may still name one"
        );
    }
}
