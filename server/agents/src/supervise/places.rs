//! Places for calls: so many run at the same time, the others wait in line and are told where they stand.

use crate::CallProgress;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::oneshot;

/// Places for the calls of one agent.
#[derive(Debug)]
pub(crate) struct Places {
    line: Mutex<Line>,
}

#[derive(Debug)]
struct Line {
    free: usize,
    waiting: VecDeque<Waiting>,
    next_ticket: u64,
}

#[derive(Debug)]
struct Waiting {
    ticket: u64,
    turn: oneshot::Sender<Place>,
    progress: UnboundedSender<CallProgress>,
}

/// A place that is taken; free again when dropped.
#[derive(Debug)]
pub(crate) struct Place {
    /// `None` once it was given back by other means.
    of: Option<Arc<Places>>,
}

/// A call that waits in line; leaves it when dropped.
struct InLine {
    places: Arc<Places>,
    ticket: u64,
}

impl Places {
    /// At least one.
    pub(crate) fn new(count: usize) -> Arc<Self> {
        let line = Line {
            free: count.max(1),
            waiting: VecDeque::new(),
            next_ticket: 0,
        };
        Arc::new(Self {
            line: Mutex::new(line),
        })
    }

    /// Takes a place, first come, first served. While it waits, `progress` learns how many are before it.
    pub(crate) async fn take(self: &Arc<Self>, progress: &UnboundedSender<CallProgress>) -> Place {
        let (turn, _in_line) = {
            let mut line = self.lock();
            if line.free > 0 {
                line.free -= 1;
                return Place {
                    of: Some(Arc::clone(self)),
                };
            }
            let (turn, place) = oneshot::channel();
            let ticket = line.next_ticket;
            line.next_ticket += 1;
            let _ = progress.send(CallProgress::Queued(line.waiting.len()));
            line.waiting.push_back(Waiting {
                ticket,
                turn,
                progress: progress.clone(),
            });
            (
                place,
                InLine {
                    places: Arc::clone(self),
                    ticket,
                },
            )
        };
        match turn.await {
            Ok(place) => place,
            // Nobody drops the sender but `InLine`, which is ours.
            Err(_) => Place { of: None },
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Line {
    fn tell_positions(&self) {
        for (before, waiting) in self.waiting.iter().enumerate() {
            let _ = waiting.progress.send(CallProgress::Queued(before));
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some(places) = self.of.take() else {
            return;
        };
        let mut line = places.lock();
        let mut place = Place {
            of: Some(Arc::clone(&places)),
        };
        while let Some(next) = line.waiting.pop_front() {
            match next.turn.send(place) {
                Ok(()) => return line.tell_positions(),
                Err(refused) => place = refused,
            }
        }
        // Given back by hand: dropping it here would come back to this lock.
        place.of = None;
        line.free += 1;
    }
}

impl Drop for InLine {
    fn drop(&mut self) {
        let mut line = self.places.lock();
        let before = line.waiting.len();
        line.waiting.retain(|waiting| waiting.ticket != self.ticket);
        if line.waiting.len() < before {
            line.tell_positions();
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use futures::FutureExt;
    use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

    fn news(progress: &mut UnboundedReceiver<CallProgress>) -> Vec<usize> {
        std::iter::from_fn(|| progress.try_recv().ok())
            .map(|news| match news {
                CallProgress::Queued(before) => before,
                other => panic!("{other:?}"),
            })
            .collect()
    }

    #[test]
    fn first_come_first_served() {
        let places = Places::new(1);
        let (progress, mut first_news) = unbounded_channel();
        let (progress_2, mut second_news) = unbounded_channel();
        let running = places.take(&progress).now_or_never().unwrap();
        assert!(news(&mut first_news).is_empty());

        let mut first = Box::pin(places.take(&progress));
        let mut second = Box::pin(places.take(&progress_2));
        assert!((&mut first).now_or_never().is_none());
        assert!((&mut second).now_or_never().is_none());
        assert_eq!(
            (news(&mut first_news), news(&mut second_news)),
            (vec![0], vec![1])
        );

        drop(running);
        // Whoever comes now is not before those who wait.
        let place = (&mut first).now_or_never().unwrap();
        assert!((&mut second).now_or_never().is_none());
        assert_eq!(news(&mut second_news), [0]);
        drop(place);
        assert!((&mut second).now_or_never().is_some());
    }

    #[test]
    fn leaving_the_line_moves_the_others_up_and_loses_no_place() {
        let places = Places::new(1);
        let (progress, mut news_of_last) = unbounded_channel();
        let (nobody, _) = unbounded_channel();
        let running = places.take(&nobody).now_or_never().unwrap();
        let mut impatient = Box::pin(places.take(&nobody));
        let mut last = Box::pin(places.take(&progress));
        assert!((&mut impatient).now_or_never().is_none());
        assert!((&mut last).now_or_never().is_none());
        drop(impatient);
        assert_eq!(news(&mut news_of_last), [1, 0]);

        // Given a place, but gone before taking it.
        drop(running);
        drop(last);
        let again = places.take(&nobody).now_or_never();
        assert!(again.is_some());
    }
}
