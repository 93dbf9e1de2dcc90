-- Times are milliseconds since 1970-01-01 UTC. `root` is the canonical path of a workspace, `path` relative to it.

CREATE TABLE runs (
    id        INTEGER PRIMARY KEY,
    root      TEXT    NOT NULL,
    agents    TEXT    NOT NULL, -- JSON list of names
    started   INTEGER NOT NULL,
    ended     INTEGER,          -- none: the process went away during the run
    cancelled INTEGER,
    complete  INTEGER,
    error     TEXT
) STRICT;

CREATE TABLE findings (
    row        INTEGER PRIMARY KEY,
    root       TEXT    NOT NULL,
    path       TEXT    NOT NULL,
    agent      TEXT    NOT NULL,
    id         TEXT    NOT NULL,
    provider   TEXT    NOT NULL,
    state      TEXT    NOT NULL CHECK (state IN ('open', 'resolved')),
    first_run  INTEGER NOT NULL,
    last_run   INTEGER NOT NULL,
    first_seen INTEGER NOT NULL,
    last_seen  INTEGER NOT NULL,
    tier       TEXT    NOT NULL,
    severity   TEXT    NOT NULL,
    category   TEXT    NOT NULL,
    code       TEXT,
    title      TEXT    NOT NULL,
    body       TEXT    NOT NULL,
    confidence REAL,
    -- The anchor.
    quote      TEXT    NOT NULL,
    before     TEXT    NOT NULL,
    after      TEXT    NOT NULL,
    symbol     TEXT,
    line       INTEGER NOT NULL,
    -- The ready fix: where it starts relative to the finding (bytes), what it replaces, and with what.
    fix_offset INTEGER,
    fix_old    TEXT,
    fix_new    TEXT,
    UNIQUE (root, path, agent, id)
) STRICT;

CREATE INDEX findings_by_age ON findings (state, last_seen);

CREATE TABLE dismissals (
    row      INTEGER PRIMARY KEY,
    root     TEXT    NOT NULL,
    reach    TEXT    NOT NULL CHECK (reach IN ('here', 'text', 'kind')),
    path     TEXT    NOT NULL,
    category TEXT    NOT NULL,
    -- Hashes without white space; empty for a finding without a place.
    text     TEXT    NOT NULL,
    before   TEXT    NOT NULL,
    after    TEXT    NOT NULL,
    -- The agent's code, else the title in plain words.
    kind     TEXT    NOT NULL,
    -- For people who look.
    agent    TEXT    NOT NULL,
    title    TEXT    NOT NULL,
    reason   TEXT,
    created  INTEGER NOT NULL
) STRICT;

CREATE INDEX dismissals_by_root ON dismissals (root, row);
