//! Runs: one thing the user asked for, from its scope to its report.
