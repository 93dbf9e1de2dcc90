//! Tests of whole runs with scripted agents.
