/**
 * The store's first tables. An index that is partial keeps the cost of what waits apart from what ended. Numbers that
 * every commit raises (`store:…`) stand among the counters: a commit writes whole pages, so what changes together stands
 * together.
 *
 * `hash` covers what never changes of an entry, `chain` is the hash of its last line of history, `seal` covers a row.
 */
export const FIRST_TABLES = `
CREATE TABLE meta (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  epoch INTEGER NOT NULL,
  written_by TEXT NOT NULL,
  identity TEXT,
  marked INTEGER NOT NULL,
  canary TEXT NOT NULL,
  layout TEXT NOT NULL
) STRICT;
INSERT INTO meta VALUES (1, 0, '', NULL, 0, '', '');

CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE cursors (
  channel TEXT NOT NULL, account TEXT NOT NULL, identity TEXT NOT NULL,
  value TEXT NOT NULL, at INTEGER NOT NULL,
  seal TEXT NOT NULL,
  PRIMARY KEY (channel, account, identity)
) STRICT, WITHOUT ROWID;

CREATE TABLE entries (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL,
  channel TEXT NOT NULL, account TEXT NOT NULL, conversation TEXT NOT NULL, thread TEXT,
  dedupe_key TEXT NOT NULL,
  client_id TEXT,
  sender TEXT NOT NULL,
  role TEXT NOT NULL,
  agent TEXT NOT NULL,
  session TEXT NOT NULL,
  accepted_at INTEGER NOT NULL,
  replay_of TEXT,
  state TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  not_before INTEGER NOT NULL,
  hold TEXT,
  turn TEXT,
  digest INTEGER NOT NULL,
  hash TEXT NOT NULL, chain TEXT NOT NULL, seal TEXT NOT NULL,
  body TEXT NOT NULL,
  UNIQUE (channel, account, dedupe_key)
) STRICT;
CREATE INDEX entries_waiting ON entries (session, seq, kind, state)
  WHERE state IN ('queued', 'held', 'running', 'answered');
CREATE INDEX entries_state ON entries (state, seq);
CREATE INDEX entries_session ON entries (session, seq);
CREATE INDEX entries_conversation ON entries (channel, account, conversation, seq);

CREATE TABLE turns (
  id TEXT PRIMARY KEY,
  session TEXT NOT NULL,
  agent TEXT NOT NULL,
  entries TEXT NOT NULL,
  last_seq INTEGER NOT NULL,
  chapter INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  failures INTEGER NOT NULL,
  state TEXT NOT NULL,
  generation INTEGER NOT NULL,
  harness TEXT,
  model TEXT,
  native_session TEXT,
  custody TEXT,
  claimed_at INTEGER NOT NULL,
  answered_at INTEGER,
  seal TEXT NOT NULL,
  reply TEXT
) STRICT;
CREATE INDEX turns_answered ON turns (session, chapter, last_seq) WHERE reply IS NOT NULL;

CREATE TABLE usage (
  agent TEXT NOT NULL, at INTEGER NOT NULL, turn TEXT NOT NULL,
  harness TEXT, model TEXT,
  input_tokens INTEGER NOT NULL, output_tokens INTEGER NOT NULL, usd REAL,
  PRIMARY KEY (agent, at, turn)
) STRICT, WITHOUT ROWID;

CREATE TABLE deliveries (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  key TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL,
  address TEXT NOT NULL,
  entry TEXT,
  turn TEXT,
  part INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  state TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  in_doubt INTEGER NOT NULL,
  not_before INTEGER NOT NULL,
  platform_id TEXT,
  seal TEXT NOT NULL,
  body TEXT NOT NULL
) STRICT;
CREATE INDEX deliveries_open ON deliveries (seq) WHERE state NOT IN ('sent', 'dead');
CREATE INDEX deliveries_turn ON deliveries (turn) WHERE turn IS NOT NULL;
CREATE INDEX deliveries_entry ON deliveries (entry) WHERE entry IS NOT NULL;

CREATE TABLE history (
  entry TEXT NOT NULL,
  n INTEGER NOT NULL,
  at INTEGER NOT NULL,
  epoch INTEGER NOT NULL,
  event TEXT NOT NULL,
  data TEXT NOT NULL,
  state TEXT NOT NULL, attempt INTEGER NOT NULL,
  hash TEXT NOT NULL,
  PRIMARY KEY (entry, n)
) STRICT, WITHOUT ROWID;

CREATE TABLE sessions (
  key TEXT PRIMARY KEY,
  agent TEXT,
  channel TEXT, account TEXT, conversation TEXT,
  last_at INTEGER NOT NULL,
  messages INTEGER NOT NULL,
  chapter INTEGER NOT NULL,
  model TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE harness_sessions (
  session TEXT NOT NULL, harness TEXT NOT NULL,
  native TEXT NOT NULL, last_seq INTEGER NOT NULL,
  PRIMARY KEY (session, harness)
) STRICT, WITHOUT ROWID;

CREATE TABLE group_talk (
  n INTEGER PRIMARY KEY,
  address TEXT NOT NULL,
  author TEXT NOT NULL, text TEXT NOT NULL, at INTEGER NOT NULL
) STRICT;
CREATE INDEX group_talk_address ON group_talk (address, n);

CREATE TABLE pairings (
  n INTEGER PRIMARY KEY,
  code TEXT NOT NULL,
  channel TEXT NOT NULL, account TEXT NOT NULL, sender_id TEXT NOT NULL,
  sender TEXT NOT NULL,
  at INTEGER NOT NULL,
  state TEXT NOT NULL,
  decided_at INTEGER
) STRICT;
CREATE INDEX pairings_sender ON pairings (channel, account, sender_id, state);

CREATE TABLE tokens (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  hash TEXT NOT NULL UNIQUE
) STRICT, WITHOUT ROWID;

CREATE TABLE notes (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE moved (
  channel TEXT NOT NULL, account TEXT NOT NULL, conversation TEXT NOT NULL,
  now_at TEXT NOT NULL,
  PRIMARY KEY (channel, account, conversation)
) STRICT, WITHOUT ROWID;
`;
