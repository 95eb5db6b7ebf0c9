/**
 * What waits is read by line (`DELIVERY_LINE`) and in pages, so that a backlog of one chat neither fills the memory nor
 * hides the others. Held answers have an index of their own: hardly ever is there one.
 */
export const OUTBOX_LINES = `
ALTER TABLE deliveries ADD COLUMN line INTEGER GENERATED ALWAYS AS (
  CASE kind WHEN 'alert' THEN 0 WHEN 'permission' THEN 0 WHEN 'command' THEN 1 WHEN 'progress' THEN 3 ELSE 2 END
) VIRTUAL;
ALTER TABLE deliveries ADD COLUMN asked_for INTEGER;
DROP INDEX deliveries_open;
CREATE INDEX deliveries_open ON deliveries (address, line, seq) WHERE state NOT IN ('sent', 'dead');
CREATE INDEX deliveries_held ON deliveries (address, seq) WHERE state = 'held';
`;
