//! Numbers as tables: medians, percentiles, ratios.

use std::time::Duration;

/// Measured durations, sorted.
pub(crate) struct Sample(Vec<Duration>);

impl Sample {
    pub(crate) fn new(mut values: Vec<Duration>) -> Self {
        assert!(!values.is_empty(), "nothing was measured");
        values.sort_unstable();
        Self(values)
    }

    pub(crate) fn median(&self) -> Duration {
        self.percentile(50)
    }

    pub(crate) fn percentile(&self, percent: usize) -> Duration {
        self.0[(self.0.len() - 1) * percent / 100]
    }
}

/// A row: what, ours, the floor, the target in words.
pub(crate) fn row(what: &str, ours: &str, floor: &str, target: &str) {
    println!("| {what} | {ours} | {floor} | {target} |");
}

/// Starts a table.
pub(crate) fn head(title: &str) {
    println!("\n### {title}\n\n| what | Crosscheck | floor | target |\n| --- | --- | --- | --- |");
}

/// In a unit that fits.
pub(crate) fn time(value: Duration) -> String {
    let micros = value.as_secs_f64() * 1e6;
    if micros < 1000.0 {
        format!("{micros:.1} µs")
    } else {
        format!("{:.2} ms", micros / 1000.0)
    }
}

/// How many times the floor.
pub(crate) fn ratio(ours: Duration, floor: Duration) -> String {
    format!("{:.2}x", ours.as_secs_f64() / floor.as_secs_f64())
}
