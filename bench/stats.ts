/** Figures of one kind, in one unit, and what they come to. */
export interface Summary {
  readonly count: number;
  readonly median: number;
  readonly p95: number;
}

export function summarize(values: readonly number[]): Summary {
  return { count: values.length, median: quantile(values, 0.5), p95: quantile(values, 0.95) };
}

/** The nearest-rank quantile; NaN of nothing. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(q * sorted.length) - 1))] ?? Number.NaN;
}

export type Unit = "ms" | "µs" | "MB" | "KB" | "messages/s" | "commits";

/** One measure: what the gateway took, what the floor took, and how often the one fits into the other. */
export interface Measure {
  readonly name: string;
  readonly unit: Unit;
  readonly gateway: Summary | null;
  readonly floor: Summary;
  /** Gateway's median by floor's median. */
  readonly ratio: number | null;
  /** Smallest and largest ratio of the rounds: how far the machine's noise reaches. */
  readonly spread: readonly [number, number] | null;
}

/** Samples of one round; the two sides were measured one right after the other. */
export interface Round {
  readonly gateway: readonly number[] | null;
  readonly floor: readonly number[];
}

export function toMeasure(name: string, unit: Measure["unit"], rounds: readonly Round[]): Measure {
  const floor = summarize(rounds.flatMap((r) => r.floor));
  const samples = rounds.flatMap((r) => r.gateway ?? []);
  if (samples.length === 0) return { name, unit, gateway: null, floor, ratio: null, spread: null };
  const gateway = summarize(samples);
  const ratios = rounds.flatMap((r) =>
    r.gateway === null ? [] : [quantile(r.gateway, 0.5) / quantile(r.floor, 0.5)],
  );
  return {
    name,
    unit,
    gateway,
    floor,
    ratio: gateway.median / floor.median,
    spread: [Math.min(...ratios), Math.max(...ratios)],
  };
}
