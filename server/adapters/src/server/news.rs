//! What a call is at, in a few words: told when it changes, and told again while it lasts.

use super::Progress;
use std::time::Duration;
use tokio::time::Instant;

/// How often what lasts is told again. A client may end a call that is silent for minutes, and a command may be so.
const AGAIN: Duration = Duration::from_secs(30);

/// Longest message, in characters, without its age.
const LONGEST: usize = 120;

/// Most things that go on at once; of more the oldest are forgotten.
const MOST_LASTING: usize = 64;

/// The news of one call, no more often than the client is to hear them.
pub(crate) struct News {
    progress: Progress,
    /// How often something was told.
    count: usize,
    latest: Thing,
    /// Nobody was told of the latest yet.
    is_new: bool,
    /// The latest goes on no more; it can still be told, once.
    is_over: bool,
    /// Something has come since the last time that something was told.
    is_alive: bool,
    /// When something was told last.
    told: Instant,
    /// What is known to go on until it is known to have ended, in the order of its beginning.
    lasting: Vec<(String, Thing)>,
}

/// Something that goes on.
#[derive(Clone)]
struct Thing {
    words: String,
    since: Instant,
}

impl News {
    pub(crate) fn new(progress: Progress) -> Self {
        Self {
            progress,
            count: 0,
            latest: Thing::new(""),
            is_new: false,
            is_over: true,
            is_alive: false,
            told: Instant::now(),
            lasting: Vec::new(),
        }
    }

    /// This goes on, as far as is known. Of several things between two messages the last counts.
    pub(crate) fn now(&mut self, words: &str) {
        self.set(Thing::new(words));
    }

    /// This goes on until its end is told.
    pub(crate) fn begin(&mut self, id: &str, words: &str) {
        self.lasting.retain(|(other, _)| other != id);
        if self.lasting.len() >= MOST_LASTING {
            self.lasting.remove(0);
        }
        self.lasting.push((id.to_owned(), Thing::new(words)));
        self.now(words);
    }

    /// What was begun with this id has waited until now. Whatever goes on besides is older news.
    pub(crate) fn begin_again(&mut self, id: &str) {
        if let Some(at) = self.lasting.iter().position(|(other, _)| other == id) {
            let (id, thing) = self.lasting.remove(at);
            self.begin(&id, &thing.words);
        }
    }

    /// What was begun with this id has ended.
    pub(crate) fn end(&mut self, id: &str) {
        if let Some(at) = self.lasting.iter().position(|(other, _)| other == id) {
            let (_, thing) = self.lasting.remove(at);
            self.is_over |= thing.words == self.latest.words;
        }
    }

    /// As [`News::end`], for what nobody needs to hear of if nobody has.
    pub(crate) fn withdraw(&mut self, id: &str) {
        self.end(id);
        self.is_new &= !self.is_over;
    }

    /// A sign of life, whatever it is.
    pub(crate) fn sign(&mut self) {
        self.is_alive = true;
    }

    /// Tells what is new, or again what lasts, if it is time. What was only heard of once is told again after another sign
    /// of life.
    pub(crate) async fn tell(&mut self) {
        let words = if self.is_new {
            self.latest.words.clone()
        } else if self.told.elapsed() < AGAIN {
            return;
        } else if let Some((_, thing)) = self.lasting.last() {
            thing.aged()
        } else if self.is_alive && !self.is_over {
            self.latest.aged()
        } else {
            return;
        };
        if self.progress.tell(self.count + 1, None, &words).await {
            self.count += 1;
            self.is_new = false;
            self.is_alive = false;
            self.told = Instant::now();
        }
    }

    fn set(&mut self, thing: Thing) {
        self.is_alive = true;
        // The same goes on as before, and is as old.
        if thing.words.is_empty() || (thing.words == self.latest.words && !self.is_over) {
            return;
        }
        self.latest = thing;
        self.is_new = true;
        self.is_over = false;
    }
}

impl Thing {
    fn new(words: &str) -> Self {
        Self {
            words: domain::sanitize::line(words, LONGEST),
            since: Instant::now(),
        }
    }

    fn aged(&self) -> String {
        let age = match self.since.elapsed().as_secs() {
            seconds @ ..120 => format!("{seconds} s"),
            seconds => format!("{} min", seconds / 60),
        };
        format!("{}, {age}", self.words)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use super::*;
    use expect_test::{Expect, expect};
    use tokio::time::sleep;

    /// One thing that happens.
    enum Do {
        Now(&'static str),
        Begin(&'static str, &'static str),
        BeginAgain(&'static str),
        End(&'static str),
        Withdraw(&'static str),
        Sign,
        /// Nothing, for so many seconds.
        Wait(u64),
    }
    use Do::{Begin, BeginAgain, End, Now, Sign, Wait, Withdraw};

    /// What is told, with the second at which it is told.
    async fn told(script: &[Do]) -> String {
        let (progress, mut heard) = Progress::watched();
        let mut news = News::new(progress);
        let begin = Instant::now();
        let mut log = String::new();
        for step in script {
            let mut ticks = 1;
            match step {
                Now(words) => news.now(words),
                Begin(id, words) => news.begin(id, words),
                BeginAgain(id) => news.begin_again(id),
                End(id) => news.end(id),
                Withdraw(id) => news.withdraw(id),
                Sign => news.sign(),
                Wait(seconds) => ticks = *seconds,
            }
            for _ in 0..ticks {
                news.tell().await;
                if let Ok(words) = heard.try_recv() {
                    log += &format!("{} {words}\n", begin.elapsed().as_secs());
                }
                if matches!(step, Wait(_)) {
                    sleep(Duration::from_secs(1)).await;
                }
            }
        }
        log
    }

    #[tokio::test(start_paused = true)]
    async fn what_lasts_is_told_again_with_its_age() {
        let cases: [(&[Do], Expect); 7] = [
            (
                &[
                    Begin("c", "running cargo test"),
                    Wait(200),
                    End("c"),
                    Wait(100),
                ],
                expect![[r#"
                    0 running cargo test
                    30 running cargo test, 30 s
                    60 running cargo test, 60 s
                    90 running cargo test, 90 s
                    120 running cargo test, 2 min
                    150 running cargo test, 2 min
                    180 running cargo test, 3 min
                "#]],
            ),
            // Without a sign of life nothing is known to go on.
            (
                &[
                    Now("thinking"),
                    Wait(100),
                    Sign,
                    Wait(50),
                    Now("thinking"),
                    Wait(50),
                ],
                expect![[r#"
                    0 thinking
                    100 thinking, 100 s
                    150 thinking, 2 min
                "#]],
            ),
            // Of what goes on at once, what is known to is told.
            (
                &[
                    Begin("c", "running x"),
                    Begin("r", "reading a"),
                    Wait(1),
                    End("r"),
                    Wait(40),
                ],
                expect![[r#"
                    0 running x
                    1 reading a
                    31 running x, 31 s
                "#]],
            ),
            // What has ended does not go on.
            (
                &[Begin("c", "running x"), Wait(1), End("c"), Sign, Wait(60)],
                expect![[r#"
                    0 running x
                "#]],
            ),
            // A command that waits for leave does not run.
            (
                &[
                    Begin("c", "running x"),
                    Wait(1),
                    Begin("q", "waiting"),
                    Wait(40),
                    Withdraw("q"),
                    BeginAgain("c"),
                    Wait(40),
                ],
                expect![[r#"
                    0 running x
                    1 waiting
                    31 waiting, 30 s
                    41 running x
                    71 running x, 30 s
                "#]],
            ),
            // Nobody needs to hear of a wait that was over before it could be told.
            (
                &[
                    Now("thinking"),
                    Begin("q", "waiting"),
                    Withdraw("q"),
                    Wait(2),
                ],
                expect![[r#"
                    0 thinking
                "#]],
            ),
            (
                &[
                    Begin("c", "running x"),
                    End("c"),
                    Begin("c", "running x"),
                    Wait(2),
                ],
                expect![[r#"
                    0 running x
                    1 running x
                "#]],
            ),
        ];
        for (script, expected) in cases {
            expected.assert_eq(&told(script).await);
        }
    }
}
