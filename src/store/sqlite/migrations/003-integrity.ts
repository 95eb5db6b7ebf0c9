/** Numbers that are given once. Every dedupe key once more, as a digest in a tree of its own, beside the unique index. It goes with its entry. */
export const INTEGRITY_TABLES = `
INSERT INTO counters VALUES ('store:commits', 0), ('store:entry', 0), ('store:delivery', 0);
CREATE TABLE digests (digest INTEGER PRIMARY KEY, seq INTEGER NOT NULL) STRICT;
CREATE TRIGGER digests_cleared AFTER DELETE ON entries BEGIN
  DELETE FROM digests WHERE digest = OLD.digest AND seq = OLD.seq;
END;
`;
