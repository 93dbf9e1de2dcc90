-- Findings whose fix was applied and not taken back: their proposals are forgotten sooner than what they say of the agent.

CREATE TABLE fixed (
    row      INTEGER PRIMARY KEY,
    root     TEXT    NOT NULL,
    finding  TEXT    NOT NULL,
    agent    TEXT    NOT NULL, -- that said it; the fix may be of another one
    proposal TEXT    NOT NULL,
    category TEXT    NOT NULL,
    applied  INTEGER NOT NULL,
    UNIQUE (root, finding, agent, proposal)
) STRICT;

INSERT OR IGNORE INTO fixed (root, finding, agent, proposal, category, applied)
SELECT findings.root, findings.id, findings.agent, proposals.id, findings.category, proposals.changed
FROM proposals, json_each(iif(json_valid(proposals.data), proposals.data, '{}'), '$.findings') AS named
JOIN findings ON findings.root = proposals.root AND findings.id = named.value
WHERE proposals.state = 'applied' ORDER BY proposals.changed, proposals.row;
