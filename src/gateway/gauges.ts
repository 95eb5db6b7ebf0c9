import type { AccountingState } from "../ports/accounting.ts";
import type { Clock } from "../ports/clock.ts";
import type { Metrics } from "../ports/metrics.ts";
import type { Status, StatusReport } from "../ports/status.ts";
import type { ReadStore } from "../ports/store.ts";

export interface GaugesInput {
  readonly metrics: Metrics;
  readonly status: Status;
  readonly store: Pick<ReadStore, "counts" | "oldestWaiting">;
  readonly accounting: () => AccountingState | null;
  readonly clock: Clock;
}

/** Fills every gauge that is a view of live state, before each scrape: the same state that all surfaces show. */
export function exposeGauges(input: GaugesInput): void {
  input.metrics.onScrape(async () => {
    const report = input.status.report();
    fillRoll(input.metrics, report);
    fillChannels(input, report);
    await fillMessages(input);
  });
}

function fillRoll(metrics: Metrics, report: StatusReport): void {
  metrics.gauge("ready", report.status === "ready" ? 1 : 0);
  metrics.gauge("registry_generation", report.generation);
  metrics.gauges(
    "agent_servable",
    report.agents.map(({ id, servable }) => ({ value: servable ? 1 : 0, labels: { agent: id } })),
  );
  metrics.gauges(
    "candidate_available",
    report.agents.flatMap(({ id, candidates }) =>
      candidates.map(({ candidate: { harness, model }, available, level }) => ({
        value: available ? 1 : 0,
        labels: { agent: id, harness, model, level: level ?? "none" },
      })),
    ),
  );
  metrics.gauges(
    "harness_registered",
    report.harnesses.map(({ id }) => ({ value: 1, labels: { harness: id } })),
  );
}

/** Before its first receive an account has no age: nothing is shown, instead of a good number. */
function fillChannels({ metrics, clock }: GaugesInput, report: StatusReport): void {
  const now = clock.monotonic();
  metrics.gauges(
    "channel_last_receive_age_seconds",
    report.channels.flatMap(({ channel, account, lastReceive }) =>
      lastReceive === null
        ? []
        : [{ value: Math.max(0, now - lastReceive) / 1000, labels: { channel, account } }],
    ),
  );
}

async function fillMessages({ metrics, store, accounting, clock }: GaugesInput): Promise<void> {
  const [counts, oldest] = await Promise.all([store.counts(), store.oldestWaiting()]);
  metrics.gauges(
    "messages",
    Object.entries(counts).map(([state, value]) => ({ value, labels: { state } })),
  );
  const age = oldest === null ? 0 : Math.max(0, clock.now() - oldest) / 1000;
  metrics.gauge("oldest_unanswered_seconds", age);
  const last = accounting();
  if (last !== null) metrics.gauge("accounting_difference", last.difference);
}
