-- The calls of agents: what they may cost while they are under way, and what they did cost.

CREATE TABLE calls (
    row         INTEGER PRIMARY KEY,
    ticket      TEXT    NOT NULL UNIQUE, -- what the process that makes it knows it by
    owner       TEXT,                    -- that process, while it is under way; none: it cannot be told whether it lives
    root        TEXT    NOT NULL,
    run         INTEGER NOT NULL,        -- 0: of no run that is known
    agent       TEXT    NOT NULL,
    provider    TEXT    NOT NULL,
    operation   TEXT    NOT NULL,
    -- reserved: it has not reached the agent yet; sent: it has, and there is no answer yet;
    -- lost: its process went away meanwhile.
    state       TEXT    NOT NULL CHECK (state IN ('reserved', 'sent', 'answered', 'failed', 'lost')),
    started     INTEGER NOT NULL,
    ended       INTEGER,                 -- none: reserved or sent
    counted     INTEGER NOT NULL,        -- 0: the agent has no model behind it and counts for no budget
    model       TEXT,
    input       INTEGER NOT NULL,        -- tokens; while it is under way, those expected
    output      INTEGER NOT NULL,
    tokens_told INTEGER NOT NULL,        -- 1: by the agent; 0: estimated
    usd         REAL,                    -- none: not known
    usd_told    INTEGER NOT NULL         -- 1: by the agent; 0: tokens times a price
) STRICT;

CREATE INDEX calls_by_time ON calls (started);
CREATE INDEX calls_under_way ON calls (owner) WHERE ended IS NULL;
CREATE INDEX calls_by_agent ON calls (agent, operation, started);

-- Which part of a day's budget was told, so that all processes together tell it once.
CREATE TABLE budget_notices (
    day     INTEGER NOT NULL, -- days since 1970-01-01 UTC
    budget  TEXT    NOT NULL, -- which one, and how large
    percent INTEGER NOT NULL,
    PRIMARY KEY (day, budget, percent)
) STRICT, WITHOUT ROWID;
