import { setTimeout as pause } from "node:timers/promises";
import { EXIT, RollcallError } from "../../core/errors.ts";
import { formatDuration, MINUTE } from "../../core/time.ts";
import type { Client } from "../client.ts";
import { needGateway } from "../connect.ts";
import { span, type Run } from "../invocation.ts";
import { isAlive } from "../presence.ts";

const LOOK_EVERY = 100;

export const run: Run = async (invocation) => {
  const wait = span(invocation, "wait") ?? MINUTE;
  const { client, pid } = needGateway(invocation);
  await client.post("/api/v1/drain", {});
  const until = performance.now() + wait;
  while (await runs(client, pid)) {
    if (performance.now() >= until) {
      invocation.terminal.err(
        `rollcall: still stopping after ${formatDuration(wait)}; wait longer with --wait\n`,
      );
      return EXIT.later;
    }
    await pause(LOOK_EVERY);
  }
  invocation.terminal.out("stopped\n");
  return EXIT.ok;
};

/** Of a gateway elsewhere nothing is known but whether it answers. */
async function runs(client: Client, pid: number | null): Promise<boolean> {
  if (pid !== null) return isAlive(pid);
  try {
    await client.get("/livez");
    return true;
  } catch (error) {
    return !(error instanceof RollcallError && error.code === "gateway-unreachable");
  }
}
