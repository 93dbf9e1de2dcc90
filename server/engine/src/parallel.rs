//! Doing the same with many things on all cores, where a result is awaited and the work is too short for tasks.

use std::num::NonZero;
use std::thread;

/// Most threads of [`map`].
const THREADS: usize = 8;
/// Fewer things than this are not worth a thread.
const PER_THREAD: usize = 8;

/// What `work` makes of each thing, in their order. Blocks.
///
/// # Panics
/// When `work` does, with its panic.
pub(crate) fn map<T: Send, R: Send>(things: Vec<T>, work: impl Fn(T) -> R + Sync) -> Vec<R> {
    let all = |share: Vec<T>| share.into_iter().map(&work).collect::<Vec<R>>();
    let done = shares(things, PER_THREAD, THREADS, all);
    done.into_iter().flatten().collect()
}

/// What `work` makes of each share of the things, in their order: one share for each of at most `threads` threads, and no
/// more of them than have `per_thread` things each. Blocks.
///
/// # Panics
/// When `work` does, with its panic.
pub(crate) fn shares<T: Send, R: Send>(
    things: Vec<T>,
    per_thread: usize,
    threads: usize,
    work: impl Fn(Vec<T>) -> R + Sync,
) -> Vec<R> {
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let threads = cores.min(threads).min(things.len() / per_thread).max(1);
    if threads == 1 {
        return vec![work(things)];
    }
    let size = things.len().div_ceil(threads);
    let mut things = things.into_iter();
    let mut share = || things.by_ref().take(size).collect::<Vec<T>>();
    let own = share();
    let others: Vec<Vec<T>> = (1..threads).map(|_| share()).collect();
    let work = &work;
    thread::scope(|scope| {
        let running: Vec<_> = others
            .into_iter()
            .map(|share| scope.spawn(move || work(share)))
            .collect();
        let mut done = vec![work(own)];
        for thread in running {
            match thread.join() {
                Ok(more) => done.push(more),
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
