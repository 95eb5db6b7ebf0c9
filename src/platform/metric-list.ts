/** One metric, as it is declared. */
export interface MetricRow {
  readonly kind: "counter" | "gauge" | "histogram";
  readonly help: string;
  readonly labels: readonly string[];
  /** Upper bounds in seconds; histograms alone have them. */
  readonly buckets?: readonly number[];
}

const FAST = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5];
const SLOW = [0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600, 14_400];

const counter = (help: string, ...labels: string[]): MetricRow => ({ kind: "counter", help, labels });
const gauge = (help: string, ...labels: string[]): MetricRow => ({ kind: "gauge", help, labels });
const histogram = (help: string, buckets: readonly number[], ...labels: string[]): MetricRow => ({
  kind: "histogram",
  help,
  labels,
  buckets,
});

/** Every metric of the gateway, by its name without the `rollcall_` prefix. What isn't here can't be counted. */
// prettier-ignore
export const METRICS = {
  ready: gauge("1 while the gateway is ready, else 0"),
  registry_generation: gauge("Number of the generation that serves"),
  agent_servable: gauge("1 while a candidate of the agent is available", "agent"),
  harness_registered: gauge("1 for each registered harness", "harness"),
  candidate_available: gauge("1 while the candidate is available; level is the highest that was proven", "agent", "harness", "model", "level"),
  messages: gauge("Messages by state", "state"),
  messages_accepted_total: counter("Messages that were accepted durably", "channel"),
  accounting_difference: gauge("What the recount of all messages and the books disagree about; anything but 0 is a fault"),
  oldest_unanswered_seconds: gauge("Age of the oldest message that waits; 0 when none does"),
  turns_total: counter("Turns that came to an end", "agent", "harness", "outcome"),
  turn_seconds: histogram("Of one attempt of a turn: from its start to its answer or failure", SLOW, "agent", "harness"),
  turn_reruns_total: counter("Turns that were put back to run again, after a failure or a restart"),
  turns_adopted_total: counter("Answers that were found in a harness's own record, and not made again"),
  turns_recovered_total: counter("Turns that an earlier gateway left running, by what came of them", "outcome"),
  process_survivors_total: counter("Processes of interrupted turns that could not be ended"),
  deliveries_total: counter("Tries of deliveries", "channel", "outcome"),
  deliveries_in_doubt_total: counter("Tries of deliveries whose outcome is not known"),
  duplicates_suppressed_total: counter("Messages that came again and were not run again"),
  channel_last_receive_age_seconds: gauge("Time since the last successful receive, quiet or not", "channel", "account"),
  alerts_total: counter("Tries of alert deliveries", "code", "route", "outcome"),
  alert_delivery_seconds: histogram("From an alert to its first receipt", SLOW),
  event_loop_lag_seconds: gauge("What the event loop came late by since the last scrape, 99th percentile"),
  store_damages_total: counter("Things in the store that aren't as they were written", "part"),
  store_scan_seconds: gauge("How long the last look at the whole store took, pauses included"),
  store_commit_seconds: histogram("Duration of a commit", FAST),
  spend_usd_total: counter("What turns cost, as far as harnesses tell", "agent", "harness"),
  canary_total: counter("Messages of the gateway's own that came to an end", "agent", "outcome"),
  canary_seconds: histogram("From the acceptance of a message of the gateway's own to its sent answer", SLOW, "agent"),
} as const satisfies Readonly<Record<string, MetricRow>>;
