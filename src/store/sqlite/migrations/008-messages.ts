/**
 * What operators look for: why messages failed for good, and which messages are reruns. A letter comes and goes with
 * its message's state, and with its row.
 */
export const MESSAGE_TABLES = `
CREATE TABLE dead_letters (
  n INTEGER PRIMARY KEY AUTOINCREMENT,
  entry TEXT NOT NULL UNIQUE,
  agent TEXT NOT NULL,
  at INTEGER NOT NULL,
  state TEXT NOT NULL,
  code TEXT NOT NULL,
  detail TEXT
) STRICT;
CREATE INDEX dead_letters_code ON dead_letters (state, code, n);
CREATE TRIGGER dead_letters_cleared AFTER DELETE ON entries WHEN OLD.state IN ('dead', 'quarantined') BEGIN
  DELETE FROM dead_letters WHERE entry = OLD.id;
END;
CREATE INDEX entries_replays ON entries (replay_of, seq) WHERE replay_of IS NOT NULL;
`;
