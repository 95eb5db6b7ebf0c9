// The real alerts over a store in memory and a spool in a folder, with routes that do what a test says.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { openAlerts, type AlertCenter } from "../../src/alerts/alerts.ts";
import { createSpool, type Spool } from "../../src/alerts/spool.ts";
import type { Alert } from "../../src/core/alert.ts";
import { RollcallError, type ErrorCode } from "../../src/core/errors.ts";
import { createIds } from "../../src/core/ids.ts";
import { SECOND } from "../../src/core/time.ts";
import type { AlertRoute, Receipt } from "../../src/ports/alert-route.ts";
import type { Store } from "../../src/ports/store.ts";
import { createMemoryDisk, openMemoryStore, type MemoryDisk } from "../../src/store/sqlite/open.ts";
import { createFakeClock, settle, type FakeClock } from "../fakes/clock.ts";
import { keepLog, type LogLine } from "../fakes/quiet.ts";

/** A route whose behaviour the test sets: works, fails, hangs, or can't be used now. */
export interface ScriptRoute extends AlertRoute {
  does: "works" | "fails" | "hangs" | "throws" | "unusable";
  readonly got: { readonly alert: Alert; readonly at: number }[];
}

export function scriptRoute(clock: FakeClock, name: string, deadline = 5 * SECOND): ScriptRoute {
  const route: ScriptRoute = {
    name,
    deadline,
    does: "works",
    got: [],
    problem: () => (route.does === "unusable" ? "not connected" : null),
    async send(alert): Promise<Receipt> {
      route.got.push({ alert, at: clock.monotonic() });
      if (route.does === "hangs") return new Promise(() => {});
      if (route.does === "throws") throw new RollcallError("channel-unreachable");
      return route.does === "works" ? { ok: true } : { ok: false, detail: "it answered 500" };
    },
  };
  return route;
}

export interface Counted {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface AlertRig {
  readonly clock: FakeClock;
  readonly disk: MemoryDisk;
  readonly spool: Spool;
  readonly dir: string;
  readonly center: AlertCenter;
  readonly routes: readonly ScriptRoute[];
  readonly log: LogLine[];
  readonly counted: Counted[];
  readonly observed: number[];
  /** Commits fail with this from now on, or never end; null: they work. */
  storeFails: ErrorCode | "hangs" | null;
  answered: number;
  /** Looks four times a second, as the watch does. */
  pass(span: number): Promise<void>;
  /** The same state directory and store, after the process has gone without a word. */
  restart(): Promise<AlertRig>;
}

interface RigOptions {
  readonly routes?: readonly string[];
  readonly earlier?: Pick<AlertRig, "clock" | "disk" | "dir" | "routes">;
}

export async function createAlertRig(
  t: Pick<TestContext, "after">,
  options: RigOptions = {},
): Promise<AlertRig> {
  const { earlier } = options;
  const clock = earlier?.clock ?? createFakeClock();
  const disk = earlier?.disk ?? createMemoryDisk();
  const dir = earlier?.dir ?? mkdtempSync(join(tmpdir(), "rollcall-alerts-"));
  if (earlier === undefined) t.after(() => rmSync(dir, { recursive: true, force: true }));
  const log: LogLine[] = [];
  const counted: Counted[] = [];
  const observed: number[] = [];
  const store = await openMemoryStore(clock, disk);
  const spool = createSpool(dir, keepLog(log));
  const routes =
    earlier?.routes ?? (options.routes ?? ["one", "two"]).map((name) => scriptRoute(clock, name));
  let seed = 7;
  const next = (): number => (seed = (seed * 16807) % 2147483647) / 2147483647;
  const state = { storeFails: null as AlertRig["storeFails"], answered: 0 };
  const life = { over: false };
  const center = await openAlerts({
    store: failing(store, () => (life.over ? "store-io" : state.storeFails)),
    spool: mortal(spool, life),
    clock,
    random: { next, secret: () => "s", uuid: () => "u" },
    ids: createIds(() => clock.now(), next),
    log: keepLog(log),
    metrics: {
      count: (name, labels = {}) => void counted.push({ name, labels }),
      observe: (_name, seconds) => void observed.push(seconds),
    },
    routes: () =>
      routes.map((route) => ({ ...route, send: (alert, signal) => sendWhile(life, route, alert, signal) })),
    answered: () => state.answered,
    redact: (text) => text.replaceAll("hunter2", "***"),
  });
  const rig: AlertRig = Object.assign(state, {
    clock,
    disk,
    dir,
    spool,
    center,
    routes,
    log,
    counted,
    observed,
    async pass(span: number) {
      for (const until = clock.monotonic() + span; clock.monotonic() < until;) {
        center.tick();
        await clock.advance(Math.min(250, until - clock.monotonic()));
      }
      center.tick();
      await settle();
    },
    restart() {
      life.over = true;
      return createAlertRig(t, { earlier: { clock, disk, dir, routes } });
    },
  });
  return rig;
}

interface Life {
  over: boolean;
}

/** A process that is gone writes nothing. */
function mortal(spool: Spool, life: Life): Spool {
  return {
    entries: () => spool.entries(),
    put: (entry) => !life.over && spool.put(entry),
    remove: (incident) => (life.over ? undefined : spool.remove(incident)),
  };
}

/** Nor does it send anything. */
function sendWhile(
  life: Life,
  route: ScriptRoute,
  ...sent: Parameters<AlertRoute["send"]>
): ReturnType<AlertRoute["send"]> {
  return life.over ? new Promise(() => {}) : route.send(...sent);
}

function failing(store: Store, code: () => AlertRig["storeFails"]): Store {
  return {
    ...store,
    saveAlerts(change) {
      const fault = code();
      if (fault === "hangs") return new Promise(() => {});
      return fault === null ? store.saveAlerts(change) : Promise.reject(new RollcallError(fault));
    },
  };
}

export const kindsOf = (route: ScriptRoute | undefined): readonly string[] =>
  (route?.got ?? []).map(({ alert }) => alert.kind);
