import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { startGateway, type Program } from "../program.ts";
import type { StorePlan } from "./plan.ts";

/** Where everything of a run stands. */
export interface StoreBench {
  readonly plan: StorePlan;
  readonly dir: string;
  readonly emptyDir: string;
  /** Rows of the second table and single figures are told through this. */
  readonly say: (text: string) => void;
}

/** What the agent does: answers at once, or is at its first message of each conversation for hours. */
export type Agent = "echo" | "busy";

const LONG = "24h";
const TURN = { firstEvent: LONG, idle: LONG, toolIdle: LONG, total: LONG };

/** Each message is a turn of its own, so that as many are answered as were sent. */
function configOf(agent: Agent): object {
  return {
    agents: { list: [{ id: "main", model: { primary: "echo/default" }, midTurn: "queue", turn: TURN }] },
    ...(agent === "busy" && { harnesses: { echo: { delay: LONG } } }),
  };
}

/** Starts the gateway on a state directory of this name. */
export function startAgent(bench: StoreBench, state: string, agent: Agent): Program {
  const config = path.join(bench.dir, `${agent}.json5`);
  writeFileSync(config, JSON.stringify(configOf(agent)));
  const stateDir = path.join(bench.dir, state);
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  return startGateway(stateDir, bench.emptyDir, config);
}
