/** What was in work when the process crashed. Empty in a life without crashes. */
export const INTAKE_TABLES = `
CREATE TABLE suspects (
  subject TEXT NOT NULL, step TEXT NOT NULL,
  crashes INTEGER NOT NULL, at INTEGER NOT NULL,
  PRIMARY KEY (subject, step)
) STRICT, WITHOUT ROWID;
`;
