import { monitorEventLoopDelay } from "node:perf_hooks";
import { RollcallError } from "../core/errors.ts";
import type { Labels, Metrics } from "../ports/metrics.ts";
import { METRICS, type MetricRow } from "./metric-list.ts";

const PREFIX = "rollcall_";

/** What the three kinds have in common for us. */
interface Instrument {
  readonly row: MetricRow;
  readonly write: (labels: Labels, value: number) => void;
}

/**
 * The metrics of `METRICS`, and the process defaults. A name or label that isn't declared there is a bug and throws.
 * The library is loaded here, so that programs that don't count anything don't pay for it.
 */
export async function createMetrics(): Promise<Metrics> {
  const { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } = await import("prom-client");
  const registers = [new Registry()];
  const [register = new Registry()] = registers;
  collectDefaultMetrics({ register });
  const instruments = new Map<string, Instrument>();
  for (const [name, row] of Object.entries<MetricRow>(METRICS)) {
    const base = { name: PREFIX + name, help: row.help, labelNames: [...row.labels], registers };
    switch (row.kind) {
      case "counter": {
        const counter = new Counter(base);
        // A counter that is there before it counts can be alerted on from the first event.
        if (row.labels.length === 0) counter.inc(0);
        instruments.set(name, { row, write: (labels, by) => counter.inc(labels, by) });
        break;
      }
      case "gauge": {
        const gauge = new Gauge(base);
        instruments.set(name, { row, write: (labels, value) => gauge.set(labels, value) });
        break;
      }
      case "histogram": {
        const histogram = new Histogram({ ...base, buckets: [...(row.buckets ?? [])] });
        instruments.set(name, { row, write: (labels, seconds) => histogram.observe(labels, seconds) });
        break;
      }
    }
  }
  return metricsOf(instruments, () => register.metrics(), register.contentType);
}

function metricsOf(
  instruments: ReadonlyMap<string, Instrument>,
  text: () => Promise<string>,
  contentType: string,
): Metrics {
  const fills: (() => Promise<void>)[] = [];
  const loop = monitorEventLoopDelay({ resolution: 20 });
  loop.enable();
  const write = (kind: MetricRow["kind"], name: string, labels: Labels, value: number): void => {
    const instrument = instruments.get(name);
    if (instrument?.row.kind !== kind) {
      throw new RollcallError("bug", { detail: `there is no ${kind} named ${name}` });
    }
    instrument.write(labels, value);
  };
  return {
    count: (name, labels = {}, by = 1) => write("counter", name, labels, by),
    gauge: (name, value, labels = {}) => write("gauge", name, labels, value),
    observe: (name, seconds, labels = {}) => write("histogram", name, labels, seconds),
    onScrape: (fill) => {
      fills.push(fill);
    },
    async render() {
      write("gauge", "event_loop_lag_seconds", {}, loop.count === 0 ? 0 : loop.percentile(99) / 1e9);
      loop.reset();
      await Promise.all(fills.map((fill) => fill()));
      return { contentType, text: await text() };
    },
  };
}
