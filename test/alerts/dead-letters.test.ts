import assert from "node:assert/strict";
import { test } from "node:test";
import type { Incident } from "../../src/core/alert.ts";
import type { MessageId } from "../../src/core/ids.ts";
import { MINUTE, SECOND } from "../../src/core/time.ts";
import { watchDeadLetters } from "../../src/gateway/dead-letters.ts";
import { createEvents } from "../../src/platform/events.ts";
import type { AlertRaise } from "../../src/ports/alerts.ts";
import type { Store } from "../../src/ports/store.ts";
import { createMemoryDisk, openMemoryStore } from "../../src/store/sqlite/open.ts";
import { accept, AT, entryNow, moveOf, newEntry } from "../contracts/store-samples.ts";
import { sampleIncident } from "../fakes/alerts.ts";
import { createFakeClock, settle } from "../fakes/clock.ts";
import { keepLog } from "../fakes/quiet.ts";

async function watched(disk = createMemoryDisk()) {
  const clock = createFakeClock();
  const store = await openMemoryStore(clock, disk);
  const random = { next: () => 0.5, secret: () => "s", uuid: () => "u" };
  const events = createEvents({ clock, random });
  const open = new Map<string, Incident>();
  const raised: AlertRaise[] = [];
  const alerts = {
    raise(alert: AlertRaise) {
      raised.push(alert);
      const incident = sampleIncident({ code: alert.code, subject: alert.subject, lasting: false });
      if (!open.has(alert.subject)) open.set(alert.subject, incident);
      return incident.id;
    },
    resolve: (_code: string, subject: string) => void open.delete(subject),
    open: () => [...open.values()],
  };
  const watch = watchDeadLetters({ store, alerts, events, clock, log: keepLog() });
  await settle(12);
  const run = async (span: number): Promise<void> => {
    await clock.advance(span);
    await settle(12);
  };
  const publish = (id: string, state: "dead" | "queued"): void =>
    events.publish({ type: "message", id: id as MessageId, conversation: "c", state });
  return { disk, store, open, raised, watch, run, publish };
}

async function die(store: Store, n: number, code: string): Promise<MessageId> {
  const [entry] = await accept(store, newEntry(n));
  assert.ok(entry);
  await store.move([moveOf(entry, "dead", { event: "dead", data: { code, detail: "x" } })], [], AT);
  return entry.id;
}

test("each reason is one incident, however many messages die for it, and is over when they are gone", async () => {
  const rig = await watched();
  const ids: MessageId[] = [];
  for (let n = 0; n < 30; n++) {
    ids.push(await die(rig.store, n, n % 2 === 0 ? "harness-failed" : "harness-deadline"));
    rig.publish(`m_${n}`, "dead");
    await rig.run(10);
  }
  await rig.run(SECOND);
  assert.deepEqual([...rig.open.keys()].toSorted(), ["dead/harness-deadline", "dead/harness-failed"]);
  assert.ok(rig.raised.length <= 4, `${rig.raised.length} reports of 30 deaths`);
  assert.match(rig.raised.at(-1)?.summary ?? "", /failed for good, the last of them m_\d+: The /);
  for (const id of ids.filter((_, n) => n % 2 === 0)) {
    await rig.store.move([moveOf(await entryNow(rig.store, id), "queued", { event: "retried" })], [], AT);
    rig.publish(id, "queued");
  }
  await rig.run(SECOND);
  assert.deepEqual([...rig.open.keys()], ["dead/harness-deadline"]);
  rig.disk.db.run("DELETE FROM entries WHERE state = 'dead'");
  await rig.run(MINUTE);
  assert.deepEqual([...rig.open.keys()], [], "cleared away, which nobody tells of");
  rig.watch.stop();
});

test("what somebody acknowledged isn't told again, what dies afterwards is", async () => {
  const rig = await watched();
  await die(rig.store, 1, "harness-failed");
  await rig.run(2 * MINUTE);
  assert.equal(rig.raised.length, 1);
  rig.open.clear();
  await rig.run(5 * MINUTE);
  assert.equal(rig.raised.length, 1);
  await die(rig.store, 2, "harness-failed");
  await rig.run(2 * MINUTE);
  assert.equal(rig.raised.length, 2);
  rig.watch.stop();
});

test("a message that died right before the gateway did is told by the next one, once", async () => {
  const first = await watched();
  first.watch.stop();
  await die(first.store, 1, "harness-failed");
  const next = await watched(first.disk);
  assert.deepEqual([...next.open.keys()], ["dead/harness-failed"]);
  next.watch.stop();
  const last = await watched(first.disk);
  assert.deepEqual(last.raised, []);
  last.watch.stop();
});

test("what a chat dropped by its own word, or left unanswered, alarms nobody", async () => {
  const rig = await watched();
  await die(rig.store, 1, "unanswered");
  await die(rig.store, 2, "dropped");
  await rig.run(2 * MINUTE);
  assert.deepEqual(rig.raised, []);
  rig.watch.stop();
});
