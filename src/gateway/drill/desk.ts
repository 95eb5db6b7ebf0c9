import { performance } from "node:perf_hooks";
import { openLoopback } from "./loopback.ts";

/** An alert that reached the operator of a drill. */
export interface Told {
  readonly severity: string;
  readonly code: string;
  readonly summary: string;
  /** Monotonic, in milliseconds. */
  readonly at: number;
}

/** Where the alerts of a drill go: a webhook on the loopback. */
export interface DrillDesk {
  readonly url: string;
  readonly told: readonly Told[];
  close(): Promise<void>;
}

export async function openDesk(): Promise<DrillDesk> {
  const told: Told[] = [];
  const server = await openLoopback(async (_path, alert) => {
    const text = (key: string): string => {
      const value = alert[key];
      return typeof value === "string" ? value : "";
    };
    told.push({
      severity: text("severity"),
      code: text("code"),
      summary: text("summary"),
      at: performance.now(),
    });
    return { status: 200, body: {} };
  });
  return { url: `${server.url}/alerts`, told, close: () => server.close() };
}
