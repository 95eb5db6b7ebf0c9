import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { createEvents } from "../../src/platform/events.ts";
import { createBlobs } from "../../src/platform/blobs.ts";
import { createHttp, type HttpTimes } from "../../src/http/http.ts";
import { hashSecret } from "../../src/http/hash-secret.ts";
import type { HttpDeps, HttpServer } from "../../src/http/deps.ts";
import type { StatusReport } from "../../src/ports/status.ts";
import type { LogFields } from "../../src/ports/log.ts";
import { quietAlerts } from "../fakes/alerts.ts";
import { createFakeClock, type FakeClock } from "../fakes/clock.ts";
import { ask, TOKEN, type Ask, type Told } from "./ask.ts";
import { createDesk, type Desk } from "./desk.ts";

export interface Rig {
  readonly http: HttpServer;
  readonly port: number;
  readonly clock: FakeClock;
  readonly desk: Desk;
  readonly events: HttpDeps["events"];
  readonly blobs: HttpDeps["blobs"];
  /** What the status says; tests change it. */
  report: StatusReport;
  intakeOpen: boolean;
  live: boolean;
  readonly logged: readonly { readonly event: string; readonly fields: LogFields }[];
  ask(what: Ask): Promise<Told>;
}

export const REPORT: StatusReport = {
  status: "ready",
  version: "1.2.3",
  startedAt: Date.UTC(2026, 0, 1),
  generation: 1,
  failing: [],
  degraded: [],
  agents: [{ id: "main", servable: true, candidates: [] }],
  harnesses: [],
  channels: [
    {
      channel: "web",
      account: "default",
      status: "connected",
      code: null,
      detail: null,
      since: 0,
      lastReceive: 0,
      name: null,
      hints: [],
    },
    {
      channel: "telegram",
      account: "default",
      status: "connected",
      code: null,
      detail: null,
      since: 0,
      lastReceive: null,
      name: null,
      hints: [],
    },
  ],
  waiting: 0,
  held: 0,
  custody: "C0",
};

/** A server on a free port over fakes of its ports; closed when the test ends. */
export async function openRig(
  t: Pick<TestContext, "after">,
  over: Partial<HttpDeps> & { readonly clock?: FakeClock } = {},
  times?: HttpTimes,
): Promise<Rig> {
  const dir = await mkdtemp(join(tmpdir(), "rollcall-http-"));
  const clock = over.clock ?? createFakeClock();
  const random = createCounter();
  const events = createEvents({ clock, random });
  const blobs = createBlobs(join(dir, "blobs"));
  const desk = createDesk(clock, events);
  const logged: { event: string; fields: LogFields }[] = [];
  const rig: Omit<Rig, "http" | "port" | "ask"> = {
    clock,
    desk,
    events,
    blobs,
    report: REPORT,
    intakeOpen: true,
    live: true,
    logged,
  };
  const http = await createHttp(
    {
      gateway: { host: "127.0.0.1", port: 0, allowedHosts: [], trustedProxies: [] },
      intake: desk.intake,
      alerts: quietAlerts(),
      operate: desk.operate,
      store: desk.store,
      status: { report: () => rig.report, intakeOpen: () => rig.intakeOpen },
      roster: desk.roster,
      events,
      metrics: {
        count: nothing,
        gauge: nothing,
        gauges: nothing,
        observe: nothing,
        onScrape: nothing,
        render: () => Promise.resolve({ contentType: "text/plain", text: "rollcall_ready 1\n" }),
      },
      blobs,
      clock,
      random,
      log: createLog(logged),
      tokenHash: hashSecret(TOKEN),
      version: "1.2.3",
      pageDir: null,
      instance: "test",
      liveness: () => rig.live,
      ...over,
    },
    times,
  );
  const { port } = await http.listen("127.0.0.1", 0);
  t.after(async () => {
    const closed = http.close(1000);
    // A test that failed may have left a request running: it is cut.
    await clock.advance(1000);
    await closed;
    await rm(dir, { recursive: true });
  });
  return Object.assign(rig, { http, port, ask: (what: Ask) => ask(port, what) });
}

function nothing(): void {
  // Metrics are not what these tests are about.
}

/** Randomness that only has to differ each time. */
function createCounter(): HttpDeps["random"] {
  let count = 0;
  const next = (): string => `${++count}`.padStart(6, "0");
  return {
    next: () => 0.5,
    secret: (bytes) => `secret${next()}`.padEnd(bytes, "x"),
    uuid: () => `uuid-${next()}`,
  };
}

function createLog(lines: { event: string; fields: LogFields }[]): HttpDeps["log"] {
  const write = (event: string, fields: LogFields): void => {
    lines.push({ event, fields });
  };
  const log: HttpDeps["log"] = {
    debug: write,
    info: write,
    warn: write,
    error: write,
    fatal: write,
    child: () => log,
  };
  return log;
}
