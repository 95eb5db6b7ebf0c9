/** How often a turn was put back to run again. */
export const RECOVERY_COLUMNS = `
ALTER TABLE turns ADD COLUMN reruns INTEGER NOT NULL DEFAULT 0;
`;
