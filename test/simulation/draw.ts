/** Chance that repeats exactly: everything random of a run comes from its seed through one of these. */
export interface Draw {
  /** In [0, 1). */
  next(): number;
  /** A whole number below `end`. */
  int(end: number): number;
  /** A whole number from `from` to `to`: spans are whole milliseconds. */
  between(from: number, to: number): number;
  chance(of: number): boolean;
  pick<T>(list: readonly [T, ...T[]]): T;
  /** A stream of its own, so that more draws here don't change what is drawn there. */
  fork(name: string): Draw;
}

/** Spreads the seed's bits (the finaliser of MurmurHash3). */
function mix(value: number): number {
  let bits = value | 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}

/** A small generator (mulberry32): plenty for choosing faults, and quick to make. */
export function createDraw(seed: number): Draw {
  let state = mix(seed + 0x9e3779b9);
  const draw: Draw = {
    next() {
      state = (state + 0x6d2b79f5) | 0;
      let bits = Math.imul(state ^ (state >>> 15), 1 | state);
      bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
      return ((bits ^ (bits >>> 14)) >>> 0) / 4294967296;
    },
    int: (end) => Math.floor(draw.next() * end),
    between: (from, to) => Math.round(from + draw.next() * (to - from)),
    chance: (of) => draw.next() < of,
    pick: (list) => list[draw.int(list.length)] ?? list[0],
    fork(name) {
      let hash = mix(seed);
      for (let i = 0; i < name.length; i++) hash = mix(hash ^ name.charCodeAt(i));
      return createDraw(hash);
    },
  };
  return draw;
}
