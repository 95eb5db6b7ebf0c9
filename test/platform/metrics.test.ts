import assert from "node:assert/strict";
import { test } from "node:test";
import { RollcallError } from "../../src/core/errors.ts";
import { METRICS } from "../../src/platform/metric-list.ts";
import { createMetrics, lagOf } from "../../src/platform/metrics.ts";

const PROMISED = `rollcall_ready rollcall_registry_generation rollcall_agent_servable{agent} rollcall_harness_registered{harness}
rollcall_candidate_available{agent,harness,model,level} rollcall_messages{state} rollcall_messages_accepted_total{channel}
rollcall_accounting_difference rollcall_oldest_unanswered_seconds rollcall_turns_total{agent,harness,outcome} rollcall_turn_seconds
rollcall_turn_reruns_total rollcall_deliveries_total{channel,outcome} rollcall_deliveries_in_doubt_total
rollcall_duplicates_suppressed_total rollcall_channel_last_receive_age_seconds{channel,account}
rollcall_alerts_total{code,route,outcome} rollcall_alert_delivery_seconds rollcall_event_loop_lag_seconds
rollcall_store_commit_seconds rollcall_spend_usd_total{agent,harness}`;

test("every metric that is promised is declared, with its labels", () => {
  for (const promised of PROMISED.split(/\s+/)) {
    const [, name = "", labels = ""] = /^rollcall_(\w+)(?:\{(.*)\})?$/.exec(promised) ?? [];
    const row = Object.entries(METRICS).find(([known]) => known === name)?.[1];
    assert.ok(row !== undefined, name);
    const needed = labels === "" ? [] : labels.split(",");
    assert.ok(
      needed.every((label) => row.labels.includes(label)),
      name,
    );
    if (labels !== "") assert.equal(row.labels.length, needed.length, name);
  }
});

test("counters count, gauges show, histograms observe, and the process is shown too", async () => {
  const metrics = createMetrics();
  metrics.count("messages_accepted_total", { channel: "web" });
  metrics.count("messages_accepted_total", { channel: "web" }, 2);
  metrics.gauge("ready", 1);
  metrics.observe("store_commit_seconds", 0.002);
  metrics.onScrape(() => Promise.resolve(metrics.gauge("messages", 7, { state: "held" })));
  const { contentType, text } = await metrics.render();
  assert.match(contentType, /^text\/plain/);
  for (const line of [
    'rollcall_messages_accepted_total{channel="web"} 3',
    "rollcall_ready 1",
    "rollcall_store_commit_seconds_count 1",
    'rollcall_messages{state="held"} 7',
    "rollcall_turn_reruns_total 0",
  ]) {
    assert.ok(text.includes(`${line}\n`), line);
  }
  assert.match(text, /^rollcall_event_loop_lag_seconds /m);
  assert.match(text, /^process_resident_memory_bytes /m);
});

test("what a gauge no longer names is gone", async () => {
  const metrics = createMetrics();
  const sample = (level: string, value: number) => ({
    value,
    labels: { agent: "main", harness: "echo", model: "default", level },
  });
  metrics.gauges("candidate_available", [sample("none", 0)]);
  await metrics.load();
  metrics.gauges("candidate_available", [sample("L2", 1)]);
  const { text } = await metrics.render();
  const shown = text.split("\n").filter((line) => line.startsWith("rollcall_candidate_available{"));
  assert.deepEqual(shown, [
    'rollcall_candidate_available{agent="main",harness="echo",model="default",level="L2"} 1',
  ]);
});

test("the event loop's lag is what it came late by: nothing when it is on time", () => {
  const seen = (ms: number) => lagOf({ count: 10, percentile: () => ms * 1e6 });
  assert.deepEqual([seen(19), seen(20), seen(320)], [0, 0, 0.3]);
  assert.equal(lagOf({ count: 0, percentile: () => 0 }), 0);
});

test("two sets of metrics don't know each other", async () => {
  const [one, two] = [createMetrics(), createMetrics()];
  one.gauge("ready", 1);
  assert.ok(!(await two.render()).text.includes("rollcall_ready 1\n"));
});

test("a name that isn't declared, or is another kind, is a bug", async () => {
  const metrics = createMetrics();
  const bug = (error: unknown): boolean => error instanceof RollcallError && error.code === "bug";
  assert.throws(() => metrics.count("nonsense_total"), bug);
  assert.throws(() => metrics.count("ready"), bug);
  assert.throws(() => metrics.gauge("ready", 1, { who: "x" }));
});
