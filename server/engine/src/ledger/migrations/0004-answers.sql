-- What agents answered about hunks, so that they need not be asked again about the same.

CREATE TABLE answers (
    row        INTEGER PRIMARY KEY,
    root       TEXT    NOT NULL,
    key        BLOB    NOT NULL, -- hash of everything that shapes the answer
    run        INTEGER NOT NULL, -- 0: of no run that is known
    created    INTEGER NOT NULL,
    -- Hunks that hold only together, because something was said of their file as a whole: their name and number.
    together   BLOB,
    of         INTEGER NOT NULL,
    size       INTEGER NOT NULL, -- bytes of `data`
    data       TEXT    NOT NULL, -- JSON list of what was said
    UNIQUE (root, key)
) STRICT;

CREATE INDEX answers_by_age ON answers (created, size);

-- How often agents answered about a place without being asked by the user, since the user asked.
CREATE TABLE rounds (
    root   TEXT    NOT NULL,
    agent  TEXT    NOT NULL,
    region BLOB    NOT NULL, -- hash of what names the place
    count  INTEGER NOT NULL,
    last   INTEGER NOT NULL,
    PRIMARY KEY (root, agent, region)
) STRICT, WITHOUT ROWID;

CREATE INDEX rounds_by_age ON rounds (last);
