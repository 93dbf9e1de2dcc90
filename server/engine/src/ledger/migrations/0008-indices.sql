-- What is asked over all roots without reading all findings: those that are new since a time, and those that are hidden.

CREATE INDEX findings_by_first_seen ON findings (first_seen, agent, provider, root);
CREATE INDEX findings_hidden ON findings (last_seen) WHERE hidden IS NOT NULL;
