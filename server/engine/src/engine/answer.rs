//! Answers of the ledger that somebody waits for: told exactly once, whatever happens.

use crate::ledger::Listed;

/// What takes the answer and tells it: an empty one with the reason when the ledger cannot answer, so that nobody waits for
/// ever.
pub(super) fn once<T: 'static>(
    tell: impl FnOnce(Listed<T>) + Send + 'static,
) -> impl FnOnce(Listed<T>) + Send + 'static {
    let mut answer = Answer {
        tell: Some(tell),
        what: std::marker::PhantomData,
    };
    move |listed| answer.give(listed)
}

struct Answer<T, F: FnOnce(Listed<T>)> {
    tell: Option<F>,
    what: std::marker::PhantomData<fn(T)>,
}

impl<T, F: FnOnce(Listed<T>)> Answer<T, F> {
    fn give(&mut self, listed: Listed<T>) {
        if let Some(tell) = self.tell.take() {
            tell(listed);
        }
    }
}

impl<T, F: FnOnce(Listed<T>)> Drop for Answer<T, F> {
    fn drop(&mut self) {
        self.give(Listed::unread("it does not answer"));
    }
}
