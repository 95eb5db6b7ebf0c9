// A disk whose syncs fail, and one whose syncs take long, under the real program.
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { createSpool } from "../../src/alerts/spool.ts";
import { readMark } from "../../src/store/sqlite/mark.ts";
import { noNotifySocket, openNotifySocket } from "../fakes/notify-socket.ts";
import { silentLog } from "../fakes/silent-log.ts";
import { startWebhook, type FakeWebhook } from "../fakes/webhook.ts";
import { makeHome, startGateway, type Gateway, type Home, type RunOptions } from "../gateway/program.ts";
import { inject, noStrace } from "./strace.ts";

interface Rig {
  readonly hook: FakeWebhook;
  readonly home: Home;
  readonly gateway: Gateway;
}

async function started(t: TestContext, options: RunOptions = {}): Promise<Rig> {
  const hook = await startWebhook(t);
  const home = makeHome(t);
  home.configure({
    agents: { list: [{ id: "main", model: { primary: "echo/default" } }] },
    alerts: { routes: [{ kind: "webhook", url: hook.url }] },
  });
  return { hook, home, gateway: await startGateway(t, home, options) };
}

/** Sends one after another until the gateway is gone. Returns the ids that were confirmed, and what came after them. */
async function sendUntilGone(
  gateway: Gateway,
): Promise<{ readonly ids: string[]; readonly refused: number[] }> {
  const ids: string[] = [];
  const refused: number[] = [];
  for (let n = 0; n < 500; n++) {
    try {
      const { status, json } = await gateway.api("/api/v1/messages", {
        body: { text: `message ${n}`, id: `n${n}` },
      });
      if (status === 202) ids.push((json["message"] as { id: string }).id);
      else refused.push(status);
      if (status === 202) assert.deepEqual(refused, [], "nothing is confirmed after the first refusal");
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      break;
    }
  }
  return { ids, refused };
}

const SYNCS = {
  "of the log": { call: "fsync", nth: 9, file: "store.db-wal" },
  "of the mark": { call: "fdatasync", nth: 7, file: "store.mark" },
} as const;

for (const [what, { call, nth, file }] of Object.entries(SYNCS)) {
  test(
    `a sync ${what} that fails ends the gateway, and nothing is lost`,
    { skip: noStrace ?? false },
    async (t) => {
      const { hook, home, gateway } = await started(t);
      const before = await gateway.api("/api/v1/messages?wait=20", {
        body: { text: "before", id: "before" },
      });
      assert.equal(before.status, 200);
      const trace = await inject(t, home, gateway, `${call}:error=EIO:when=${nth}`);
      const [{ ids, refused }, { code }] = await Promise.all([sendUntilGone(gateway), gateway.exited]);
      const ended = Date.now() / 1000;
      const calls = trace.calls();
      const at = calls.findIndex(({ injected }) => injected);
      assert.ok(at >= 0 && calls[at]?.text.includes(file), "the fault hit what it was meant for");
      const after = calls.slice(at + 1).filter(({ text }) => /store\.(?:db|mark)/.test(text));
      assert.deepEqual(after, [], "the store's files are left alone");
      assert.equal(code, 74);
      const alert = await hook.next(({ json }) => json["code"] === "store-io");
      assert.equal(alert.json["severity"], "critical");
      const spooled = createSpool(home.state, silentLog)
        .entries()
        .map(({ incident }) => incident.code);
      assert.ok(spooled.includes("store-io"), "kept beside the store, which can't keep it");
      // The log that the fault left is brought in, in whole, before anything is accepted.
      const next = await startGateway(t, home);
      let missing = 0;
      for (const id of ids) if ((await next.api(`/api/v1/messages/${id}`)).status !== 200) missing += 1;
      assert.equal(missing, 0);
      const mark = readMark(home.state);
      assert.ok(typeof mark !== "string");
      assert.equal((await next.api("/api/v1/messages?wait=20", { body: { text: "after" } })).status, 200);
      t.diagnostic(
        `a failed sync ${what}: exit ${code} after ${Math.round((ended - (calls[at]?.at ?? 0)) * 1000)} ms, ` +
          `confirmed ${ids.length}, refused ${refused.length}, commits after 0, missing 0`,
      );
      await next.stop();
    },
  );
}

test(
  "a disk that takes no writes any more ends the gateway, and is told",
  { skip: noStrace ?? false },
  async (t) => {
    const { hook, home, gateway } = await started(t);
    assert.equal((await gateway.api("/api/v1/messages?wait=20", { body: { text: "before" } })).status, 200);
    const begun = performance.now();
    // What the kernel says of every write after it has given a disk up.
    const trace = await inject(t, home, gateway, "pwrite64:error=EROFS");
    const [{ ids }, { code }] = await Promise.all([sendUntilGone(gateway), gateway.exited]);
    assert.ok(trace.calls().some(({ injected }) => injected));
    assert.deepEqual([code, ids], [74, []]);
    const alert = await hook.next(({ json }) => json["code"] === "store-io");
    t.diagnostic(
      `a disk that takes no writes: exit ${code}, confirmed 0, told after ${((alert.at - begun) / 1000).toFixed(2)} s`,
    );
  },
);

test(
  "syncs that take half a second make it slower, and no watchdog kills it",
  { skip: noStrace ?? false },
  async (t) => {
    if (noNotifySocket !== null) return t.skip(noNotifySocket);
    const socket = await openNotifySocket(t);
    const watchdog = 20_000;
    const env = { NOTIFY_SOCKET: socket.path, WATCHDOG_USEC: String(watchdog * 1000) };
    const { home, gateway } = await started(t, { env });
    const trace = await inject(t, home, gateway, "fsync,fdatasync:delay_enter=500000");
    const fed: number[] = [performance.now()];
    const took: number[] = [];
    let pings = socket.got.length;
    const watch = setInterval(() => {
      for (; pings < socket.got.length; pings++)
        if (socket.got[pings]?.["WATCHDOG"] === "1") fed.push(performance.now());
    }, 20);
    t.after(() => clearInterval(watch));
    const begun = performance.now();
    while (performance.now() - begun < 12_000) {
      const sent = performance.now();
      const { status } = await gateway.api("/api/v1/messages", {
        body: { text: "slow", id: `slow-${took.length}` },
      });
      assert.equal(status, 202);
      took.push(performance.now() - sent);
    }
    await trace.end();
    clearInterval(watch);
    fed.push(performance.now());
    const gaps = fed.slice(1).map((at, n) => at - (fed[n] ?? at));
    const widest = Math.max(...gaps);
    assert.ok(widest < watchdog, `fed after ${widest} ms`);
    const sorted = took.toSorted((a, b) => a - b);
    const p = (share: number): number =>
      Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
    const live = await fetch(`${gateway.url}/livez`);
    t.diagnostic(
      `syncs of 500 ms: ${took.length} confirmed, p50 ${p(0.5)} ms, p99 ${p(0.99)} ms; watchdog of ${watchdog / 1000} s ` +
        `fed at least every ${Math.round(widest)} ms; livez ${live.status}`,
    );
    assert.equal(await gateway.stop(), 0);
  },
);
