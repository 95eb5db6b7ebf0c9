/** A whole line, or the news that one was longer than is read. */
export type ReadLine =
  | { readonly kind: "line"; readonly text: string }
  | { readonly kind: "too-long"; readonly sample: string };

/** Cuts a stream of bytes into lines. */
export interface LineReader {
  push(chunk: Buffer): readonly ReadLine[];
  /** The last line, if the stream ended without a line break. */
  rest(): readonly ReadLine[];
}

const SAMPLE_BYTES = 500;

/**
 * Cuts at line feeds, before decoding, so that a character split over two chunks stays whole. Empty lines are left out.
 * Keeps at most `maxBytes` of one line: a longer one is reported once, and skipped up to its end.
 */
export function createLineReader(maxBytes: number): LineReader {
  let parts: Buffer[] = [];
  let size = 0;
  let skipping = false;

  const take = (): readonly ReadLine[] => {
    const text = Buffer.concat(parts).toString("utf8");
    parts = [];
    size = 0;
    const wanted = !skipping && text.trim() !== "";
    skipping = false;
    return wanted ? [{ kind: "line", text }] : [];
  };
  const add = (part: Buffer): readonly ReadLine[] => {
    if (skipping) return [];
    parts.push(part);
    size += part.length;
    if (size <= maxBytes) return [];
    const sample = Buffer.concat(parts.slice(0, 2)).subarray(0, SAMPLE_BYTES).toString("utf8");
    skipping = true;
    parts = [];
    size = 0;
    return [{ kind: "too-long", sample }];
  };

  return {
    push(chunk) {
      const lines: ReadLine[] = [];
      let from = 0;
      for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, from)) {
        lines.push(...add(chunk.subarray(from, at)), ...take());
        from = at + 1;
      }
      if (from < chunk.length) lines.push(...add(chunk.subarray(from)));
      return lines;
    },
    rest: take,
  };
}
