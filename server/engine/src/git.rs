//! Asking git: the repository's root, changes against a base, ignored files. Read-only, bounded, never interactive.
