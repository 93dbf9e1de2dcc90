//! Tests of the ledger on real databases.
