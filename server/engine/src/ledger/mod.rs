//! The ledger: runs, findings and verdicts in one SQLite database per user, shared by all processes.
