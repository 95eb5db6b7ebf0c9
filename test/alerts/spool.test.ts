import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import fc from "fast-check";
import { createSpool } from "../../src/alerts/spool.ts";
import { alertOf } from "../../src/alerts/words.ts";
import type { Incident, QueuedAlert } from "../../src/core/alert.ts";
import { sampleIncident } from "../fakes/alerts.ts";
import { createKeptLog, silentLog } from "../fakes/silent-log.ts";

const SIZE = 64 * 1024;

function folder(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), "rollcall-spool-"));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

const alert = (incident: Incident): QueuedAlert => ({
  alert: alertOf(incident, "raised", 0, 0),
  state: "pending",
  route: null,
});

describe("the spool", () => {
  it("has its whole size before anything goes wrong, for its owner alone", (t) => {
    const dir = folder(t);
    createSpool(dir, silentLog);
    const { size, mode, blocks } = statSync(join(dir, "alerts.spool"));
    assert.equal(size, SIZE);
    assert.equal(mode & 0o777, 0o600);
    assert.ok(blocks * 512 >= SIZE, "its blocks are written, not only promised");
  });

  it("keeps an incident with its alert until it is removed, over openings", (t) => {
    const dir = folder(t);
    const [one, two] = [sampleIncident({ since: 2 }), sampleIncident({ since: 1 })];
    const spool = createSpool(dir, silentLog);
    assert.equal(spool.put({ incident: one, alert: alert(one) }), true);
    spool.put({ incident: two, alert: null });
    spool.put({ incident: { ...two, occurrences: 5 }, alert: alert(two) });
    const again = createSpool(dir, silentLog);
    assert.deepEqual(again.entries(), [
      { incident: { ...two, occurrences: 5 }, alert: alert(two) },
      { incident: one, alert: alert(one) },
    ]);
    again.remove(two.id);
    assert.deepEqual(
      createSpool(dir, silentLog)
        .entries()
        .map(({ incident }) => incident.id),
      [one.id],
    );
    assert.equal(statSync(join(dir, "alerts.spool")).size, SIZE);
  });

  it("makes room for the newest when it is full", (t) => {
    const spool = createSpool(folder(t), silentLog);
    for (let since = 1; since <= 20; since++) spool.put({ incident: sampleIncident({ since }), alert: null });
    const kept = spool.entries().map(({ incident }) => incident.since);
    assert.deepEqual(
      kept,
      Array.from({ length: 16 }, (_, i) => i + 5),
    );
  });

  it("skips a slot that was torn, or flipped, and serves the others", (t) => {
    const dir = folder(t);
    const path = join(dir, "alerts.spool");
    const [one, two] = [sampleIncident({ since: 1 }), sampleIncident({ since: 2 })];
    const spool = createSpool(dir, silentLog);
    for (const incident of [one, two]) spool.put({ incident, alert: alert(incident) });
    const whole = readFileSync(path);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4095 }), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const bytes = Buffer.from(whole);
        bytes[at] = (bytes[at] ?? 0) ^ flip;
        writeFileSync(path, bytes);
        const entries = spool.entries();
        assert.deepEqual(entries.at(-1), { incident: two, alert: alert(two) });
        for (const entry of entries) assert.ok([one.id, two.id].includes(entry.incident.id));
        if (entries.length === 2) assert.deepEqual(entries[0], { incident: one, alert: alert(one) });
      }),
    );
  });

  it("loses words before it loses an entry", (t) => {
    const spool = createSpool(folder(t), silentLog);
    const incident = sampleIncident({ summary: "\u0001".repeat(600), fix: "💥".repeat(150) });
    assert.equal(spool.put({ incident, alert: alert(incident) }), true);
    const [entry] = spool.entries();
    assert.equal(entry?.incident.id, incident.id);
    assert.equal(entry?.alert?.alert.id, `${incident.id}.1`);
    assert.ok((entry?.incident.summary.length ?? 0) < 600);
  });

  it("says so and throws nothing where it can't be", () => {
    const log = createKeptLog();
    const spool = createSpool("/nowhere/at/all", log);
    assert.equal(spool.put({ incident: sampleIncident(), alert: null }), false);
    assert.deepEqual(spool.entries(), []);
    spool.remove("i_1");
    assert.ok(log.lines.every(({ event }) => event === "alert.spool_failed"));
    assert.ok(log.lines.length >= 3);
  });
});
