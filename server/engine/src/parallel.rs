//! Doing the same with many things on all cores, where a result is awaited and the work is too short for tasks.

use std::num::NonZero;
use std::thread;

/// Most threads.
const THREADS: usize = 8;
/// Fewer things than this are not worth a thread.
const PER_THREAD: usize = 8;

/// What `work` makes of each thing, in their order. Blocks.
///
/// # Panics
/// When `work` does, with its panic.
pub(crate) fn map<T: Send, R: Send>(things: Vec<T>, work: impl Fn(T) -> R + Sync) -> Vec<R> {
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let threads = threads.min(THREADS).min(things.len() / PER_THREAD).max(1);
    if threads == 1 {
        return things.into_iter().map(work).collect();
    }
    let share = things.len().div_ceil(threads);
    let mut things = things.into_iter();
    let shares: Vec<Vec<T>> = (0..threads)
        .map(|_| things.by_ref().take(share).collect())
        .collect();
    let work = &work;
    thread::scope(|scope| {
        let mut running = Vec::new();
        let mut shares = shares.into_iter();
        let own = shares.next().unwrap_or_default();
        for share in shares {
            running.push(scope.spawn(move || share.into_iter().map(work).collect::<Vec<R>>()));
        }
        let mut done: Vec<R> = own.into_iter().map(work).collect();
        for thread in running {
            match thread.join() {
                Ok(more) => done.extend(more),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        done
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_stays_whatever_the_number() {
        for count in [0, 1, 7, 16, 17, 1000] {
            let done = map((0..count).collect(), |it: usize| it * 2);
            assert_eq!(done, (0..count).map(|it| it * 2).collect::<Vec<_>>());
        }
    }

    #[test]
    #[should_panic(expected = "at 900")]
    fn a_panic_is_handed_on() {
        map((0..1000).collect(), |it: usize| {
            assert!(it != 900, "at {it}")
        });
    }
}
