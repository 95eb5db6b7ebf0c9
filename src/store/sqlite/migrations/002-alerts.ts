/** Incidents, and the alerts of them that are on their way to the operator. */
export const ALERT_TABLES = `
CREATE TABLE incidents (
  id TEXT PRIMARY KEY,
  since INTEGER NOT NULL,
  status TEXT NOT NULL,
  body TEXT NOT NULL
) STRICT;
CREATE INDEX incidents_live ON incidents (since) WHERE status <> 'closed';
CREATE INDEX incidents_since ON incidents (since);

CREATE TABLE alerts (
  n INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  state TEXT NOT NULL,
  body TEXT NOT NULL
) STRICT;
CREATE INDEX alerts_pending ON alerts (n) WHERE state = 'pending';
`;
