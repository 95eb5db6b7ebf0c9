/** The last bytes of a stream. */
export interface Tail {
  add(chunk: Buffer): void;
  text(): string;
}

/** Keeps at most `limit` bytes; a character that the cut went through is left out. */
export function createTail(limit: number): Tail {
  let kept: Buffer = Buffer.alloc(0);
  return {
    add(chunk) {
      const joined = chunk.length >= limit ? chunk : Buffer.concat([kept, chunk]);
      // A copy, so that the large chunk which it was cut from can go.
      kept = joined.length > limit ? Buffer.from(joined.subarray(joined.length - limit)) : joined;
    },
    text: () => kept.toString("utf8").replace(/^\uFFFD+/, ""),
  };
}
