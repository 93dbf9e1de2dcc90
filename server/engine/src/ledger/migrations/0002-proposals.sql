-- What agents want to change, and what of it was made.

CREATE TABLE proposals (
    row      INTEGER PRIMARY KEY,
    root     TEXT    NOT NULL,
    id       TEXT    NOT NULL,
    run      INTEGER NOT NULL, -- 0: of no run that is known
    agent    TEXT    NOT NULL,
    provider TEXT    NOT NULL,
    title    TEXT    NOT NULL,
    state    TEXT    NOT NULL CHECK (state IN ('open', 'applied', 'discarded')),
    created  INTEGER NOT NULL,
    changed  INTEGER NOT NULL, -- when it came to its state
    size     INTEGER NOT NULL, -- bytes of `data`
    data     TEXT    NOT NULL, -- JSON
    UNIQUE (root, id)
) STRICT;

CREATE INDEX proposals_by_age ON proposals (state, changed, size);

-- Each time that parts of a proposal were taken over. Numbers of rows are never used again.
CREATE TABLE applications (
    row      INTEGER PRIMARY KEY AUTOINCREMENT,
    root     TEXT    NOT NULL,
    proposal TEXT    NOT NULL,
    agent    TEXT    NOT NULL,
    title    TEXT    NOT NULL,
    parts    TEXT    NOT NULL, -- JSON list of numbers, from 1
    applied  INTEGER NOT NULL,
    reverted INTEGER,          -- none: it still holds
    size     INTEGER NOT NULL, -- bytes of `inverse`
    inverse  TEXT              -- JSON list of file changes that take it back; none: too large to keep
) STRICT;

CREATE INDEX applications_by_proposal ON applications (root, proposal);
