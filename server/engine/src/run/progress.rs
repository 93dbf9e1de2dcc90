//! Progress of a run: one line and one fraction out of what all calls tell, and not too often.

use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::Instant;

/// Shortest time between two reports.
const INTERVAL: Duration = Duration::from_millis(250);

/// Gathers the news of all calls.
pub(super) struct Meter {
    agents: Vec<Share>,
    /// The newest line that was not told yet.
    message: Option<String>,
    /// The largest fraction told.
    told: f32,
    last: Option<Instant>,
}

/// How far one agent is.
#[derive(Default)]
struct Share {
    calls: usize,
    done: usize,
    /// Fractions of the calls under way, where told.
    running: BTreeMap<usize, f32>,
    ended: bool,
}

impl Meter {
    pub(super) fn new(agents: usize) -> Self {
        let agents = std::iter::repeat_with(Share::default)
            .take(agents)
            .collect();
        Self {
            agents,
            message: None,
            told: 0.0,
            last: None,
        }
    }
    /// One more agent takes part.
    pub(super) fn join(&mut self, agent: usize) {
        while self.agents.len() <= agent {
            self.agents.push(Share::default());
        }
    }
    /// An agent will be called so often.
    pub(super) fn plan(&mut self, agent: usize, calls: usize) {
        if let Some(share) = self.agents.get_mut(agent) {
            share.calls = calls;
        }
    }
    /// A call says something.
    pub(super) fn news(
        &mut self,
        agent: usize,
        call: usize,
        message: String,
        fraction: Option<f32>,
    ) {
        if let (Some(share), Some(fraction)) = (self.agents.get_mut(agent), fraction)
            && fraction.is_finite()
        {
            share.running.insert(call, fraction.clamp(0.0, 1.0));
        }
        self.message = Some(message);
    }
    /// A call is over.
    pub(super) fn done(&mut self, agent: usize, call: usize) {
        if let Some(share) = self.agents.get_mut(agent) {
            share.running.remove(&call);
            share.done += 1;
        }
    }
    /// An agent is through.
    pub(super) fn end(&mut self, agent: usize) {
        if let Some(share) = self.agents.get_mut(agent) {
            share.ended = true;
        }
    }
    /// When there is something to tell; `None` while there is nothing, so that a silent run costs nothing.
    pub(super) fn due(&self) -> Option<Instant> {
        self.message.as_ref()?;
        Some(self.last.map_or_else(Instant::now, |last| last + INTERVAL))
    }
    /// True when there is something to tell now.
    pub(super) fn is_due(&self) -> bool {
        self.due().is_some_and(|due| due <= Instant::now())
    }
    /// The line and the fraction to tell.
    pub(super) fn take(&mut self) -> Option<(String, f32)> {
        let message = self.message.take()?;
        self.last = Some(Instant::now());
        self.told = self.told.max(self.fraction());
        Some((message, self.told))
    }
    fn fraction(&self) -> f32 {
        let sum: f32 = self.agents.iter().map(Share::fraction).sum();
        if self.agents.is_empty() {
            0.0
        } else {
            sum / self.agents.len() as f32
        }
    }
}

impl Share {
    fn fraction(&self) -> f32 {
        match (self.ended, self.calls) {
            (true, _) => 1.0,
            (false, 0) => 0.0,
            (false, calls) => {
                (self.done as f32 + self.running.values().sum::<f32>()) / calls as f32
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions_count_calls_and_never_go_back() {
        let mut meter = Meter::new(2);
        meter.plan(0, 2);
        meter.plan(1, 1);
        assert_eq!(meter.due(), None);
        meter.news(0, 0, "a: reading".into(), Some(0.5));
        assert_eq!(meter.take(), Some(("a: reading".into(), 0.125)));
        meter.news(0, 0, "a: again".into(), Some(f32::NAN));
        meter.news(0, 0, "a: from the start".into(), Some(0.1));
        assert_eq!(meter.take(), Some(("a: from the start".into(), 0.125)));
        assert_eq!(meter.take(), None);
        meter.done(0, 0);
        meter.end(1);
        meter.news(0, 1, "a: more".into(), None);
        assert_eq!(meter.take(), Some(("a: more".into(), 0.75)));
    }

    #[test]
    fn news_in_quick_succession_are_told_as_one() {
        let mut meter = Meter::new(1);
        meter.news(0, 0, "one".into(), None);
        assert!(meter.is_due());
        meter.take();
        meter.news(0, 0, "two".into(), None);
        meter.news(0, 0, "three".into(), None);
        assert!(!meter.is_due() && meter.due().is_some());
        assert_eq!(meter.take().map(|it| it.0).as_deref(), Some("three"));
    }
}
