import { monitorEventLoopDelay } from "node:perf_hooks";
import { RollcallError } from "../core/errors.ts";
import type { Labels, Metrics } from "../ports/metrics.ts";
import { METRICS, type MetricRow } from "./metric-list.ts";

const PREFIX = "rollcall_";

/** What the three kinds have in common for us. */
interface Instrument {
  readonly write: (labels: Labels, value: number) => void;
  /** Forgets every sample. Gauges alone can. */
  readonly clear?: () => void;
}

/** Writes that wait for the library; more than any start makes. */
const EARLY_LIMIT = 10_000;

/** How often the event loop is looked at, in milliseconds. */
const LOOP_RESOLUTION = 20;

/** What the loop came late by, in seconds. The histogram holds whole periods in nanoseconds: on time is one of ours. */
export function lagOf(loop: { readonly count: number; percentile(percent: number): number }): number {
  return loop.count === 0 ? 0 : Math.max(0, loop.percentile(99) / 1e9 - LOOP_RESOLUTION / 1e3);
}

/** Metrics whose library is loaded after the gateway serves, so that nobody waits for it. */
export interface LateMetrics extends Metrics {
  /** Loads the library and writes down what was counted so far. Called once, by the end of the start. */
  load(): Promise<void>;
}

/**
 * The metrics of `METRICS`, and the process defaults. A name or label that isn't declared there is a bug and throws.
 * What is counted before the library is there is kept and counted then.
 */
export function createMetrics(): LateMetrics {
  const early: (() => void)[] = [];
  const fills: (() => Promise<void>)[] = [];
  let loaded: Loaded | null = null;
  const loop = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION });
  loop.enable();
  const write = (kind: MetricRow["kind"], name: string, labels: Labels, value: number): void => {
    const row = Object.hasOwn(METRICS, name)
      ? (METRICS as Readonly<Record<string, MetricRow>>)[name]
      : undefined;
    if (row?.kind !== kind) throw new RollcallError("bug", { detail: `there is no ${kind} named ${name}` });
    const stray = Object.keys(labels).find((label) => !row.labels.includes(label));
    if (stray !== undefined) throw new RollcallError("bug", { detail: `${name} has no label ${stray}` });
    if (loaded !== null) loaded.instruments.get(name)?.write(labels, value);
    else if (early.length < EARLY_LIMIT)
      early.push(() => loaded?.instruments.get(name)?.write(labels, value));
  };
  let loading: Promise<Loaded> | null = null;
  const load = (): Promise<Loaded> => {
    loading ??= loadInstruments().then((instruments) => {
      loaded = instruments;
      for (const count of early.splice(0)) count();
      return instruments;
    });
    return loading;
  };
  return {
    count: (name, labels = {}, by = 1) => write("counter", name, labels, by),
    gauge: (name, value, labels = {}) => write("gauge", name, labels, value),
    gauges(name, samples) {
      loaded?.instruments.get(name)?.clear?.();
      for (const { value, labels } of samples) write("gauge", name, labels, value);
    },
    observe: (name, seconds, labels = {}) => write("histogram", name, labels, seconds),
    onScrape: (fill) => void fills.push(fill),
    load: async () => void (await load()),
    async render() {
      const { register } = await load();
      write("gauge", "event_loop_lag_seconds", {}, lagOf(loop));
      loop.reset();
      await Promise.all(fills.map((fill) => fill()));
      return { contentType: register.contentType, text: await register.metrics() };
    },
  };
}

interface Loaded {
  readonly instruments: ReadonlyMap<string, Instrument>;
  readonly register: { readonly contentType: string; metrics(): Promise<string> };
}

async function loadInstruments(): Promise<Loaded> {
  const { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } = await import("prom-client");
  const register = new Registry();
  const registers = [register];
  collectDefaultMetrics({ register });
  const instruments = new Map<string, Instrument>();
  for (const [name, row] of Object.entries<MetricRow>(METRICS)) {
    const base = { name: PREFIX + name, help: row.help, labelNames: [...row.labels], registers };
    switch (row.kind) {
      case "counter": {
        const counter = new Counter(base);
        // A counter that is there before it counts can be alerted on from the first event.
        if (row.labels.length === 0) counter.inc(0);
        instruments.set(name, { write: (labels, by) => counter.inc(labels, by) });
        break;
      }
      case "gauge": {
        const gauge = new Gauge(base);
        instruments.set(name, {
          write: (labels, value) => gauge.set(labels, value),
          clear: () => gauge.reset(),
        });
        break;
      }
      case "histogram": {
        const histogram = new Histogram({ ...base, buckets: [...(row.buckets ?? [])] });
        instruments.set(name, { write: (labels, seconds) => histogram.observe(labels, seconds) });
        break;
      }
    }
  }
  return { instruments, register };
}
