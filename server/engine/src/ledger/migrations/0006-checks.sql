-- What other agents said of findings that they were told to refute.

CREATE TABLE checks (
    row           INTEGER PRIMARY KEY,
    root          TEXT    NOT NULL,
    finding       TEXT    NOT NULL,
    path          TEXT    NOT NULL,
    text          TEXT    NOT NULL, -- hash of the finding's text; the check holds for no other
    agent         TEXT    NOT NULL,
    provider      TEXT    NOT NULL,
    run           INTEGER NOT NULL,
    checked       INTEGER NOT NULL,
    verdict       TEXT    NOT NULL CHECK (verdict IN ('confirmed', 'refuted', 'unsure')),
    why           TEXT    NOT NULL,
    evidence      TEXT    NOT NULL, -- JSON list of {path, quote}
    failing_input TEXT,
    caveat        TEXT,
    UNIQUE (root, finding, agent)
) STRICT;

CREATE INDEX checks_by_age ON checks (checked);
