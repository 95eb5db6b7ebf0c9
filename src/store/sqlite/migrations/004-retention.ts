/** Keys of messages that were cleared away, as digests in order of clearing, so that a redelivery is still known. */
export const RETENTION_TABLES = `
CREATE TABLE cleared_keys (
  n INTEGER PRIMARY KEY,
  digest TEXT NOT NULL UNIQUE,
  id TEXT NOT NULL,
  at INTEGER NOT NULL
) STRICT;
`;
