//! Tests of scopes.
