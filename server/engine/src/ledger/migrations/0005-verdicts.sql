-- What findings are known by over time, and what people decided about them.

ALTER TABLE findings ADD COLUMN mark TEXT;   -- JSON: what the place is known by; none: of an earlier version
ALTER TABLE findings ADD COLUMN text TEXT;   -- the mark's fingerprint of the text, for finding it in other files
ALTER TABLE findings ADD COLUMN hidden TEXT; -- why it is not shown, in words; none: it is

CREATE INDEX findings_by_text ON findings (root, agent, text);
CREATE INDEX findings_by_name ON findings (root, id);

-- Numbers are never used again: people name decisions by them.
CREATE TABLE verdicts (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    root    TEXT    NOT NULL,
    verdict TEXT    NOT NULL CHECK (verdict IN ('dismissed', 'accepted')),
    reach   TEXT    NOT NULL, -- here, text, kind, kind-in-file, kind-in-directory
    reason  TEXT,
    created INTEGER NOT NULL,
    remarks TEXT    NOT NULL  -- JSON list: what was decided about
) STRICT;

CREATE INDEX verdicts_by_root ON verdicts (root, id);

INSERT INTO verdicts (root, verdict, reach, reason, created, remarks)
SELECT root, 'dismissed', reach, reason, created,
       json_array(json_object(
           'finding', '', 'agent', agent, 'path', path, 'category', category, 'title', title, 'body', '',
           'code', iif(reach = 'kind', kind, NULL),
           'mark', json_object('text', substr(text, 1, 16))))
FROM dismissals ORDER BY row;

DROP TABLE dismissals;
