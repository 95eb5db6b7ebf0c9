// A gateway on the real program with one agent for each case, each on a model of its own of a strict fake of Claude
// Code, so that what one case does to its candidate says nothing of another's.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import type { TestContext } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { fakeClaude, type FakeClaude, type FakeClaudeControl } from "../fakes/harness/fake-claude.ts";
import { makeHome, startGateway, type Gateway, type Line } from "../gateway/program.ts";

export interface Case {
  /** Also the model. */
  readonly id: string;
  /** Beside the fake's model of this name. */
  readonly fallbacks?: readonly string[];
}

export interface Message {
  readonly id: string;
  readonly state: string;
  readonly harness: string | null;
  readonly reply: { readonly text: string } | null;
  readonly hold: { readonly code: string } | null;
  readonly deliveries: readonly { readonly kind: string }[];
}

export interface HarnessRig {
  readonly gateway: Gateway;
  readonly claude: FakeClaude;
  /** Sends to a case's agent and waits for the end. */
  ask(agent: string, text: string, wait?: number): Promise<Message>;
  message(id: string): Promise<Message>;
  /** How the turns of a case's own model ended. */
  ends(model: string): readonly Line[];
  candidate(agent: string, index?: number): Promise<Readonly<Record<string, unknown>>>;
  /** Resident memory of the gateway, in MiB. */
  memory(): number;
}

export interface RigOptions {
  readonly turn?: Readonly<Record<string, string>>;
  readonly control?: FakeClaudeControl;
  /** What the fake is started with: a limit, for instance. */
  readonly wrap?: (claude: FakeClaude) => string;
  readonly ready?: boolean;
  readonly gateway?: object;
}

export async function startRig(
  t: TestContext,
  cases: readonly Case[],
  options: RigOptions = {},
): Promise<HarnessRig> {
  const home = makeHome(t);
  const claude = fakeClaude({ dir: join(home.dir, "claude") });
  if (options.control !== undefined) claude.control(options.control);
  home.configure({
    gateway: options.gateway ?? {},
    agents: {
      defaults: { turn: options.turn ?? { firstEvent: "1500ms", idle: "1500ms", total: "20s" } },
      list: cases.map(({ id, fallbacks = ["echo/default"] }) => ({
        id,
        model: { primary: `claude-cli/${id}`, fallbacks },
        workspace: join(home.dir, "work", id),
      })),
    },
    harnesses: { "claude-cli": { command: options.wrap?.(claude) ?? claude.command } },
  });
  const gateway = await startGateway(t, home, { env: claude.env, ready: options.ready ?? true });
  return {
    gateway,
    claude,
    async ask(agent, text, wait = 40) {
      const { json } = await gateway.api(`/api/v1/messages?wait=${wait}`, {
        body: { text, agent, conversation: agent },
      });
      return json["message"] as Message;
    },
    message: async (id) => (await gateway.api(`/api/v1/messages/${id}`)).json["message"] as Message,
    ends: (model) => endsOf(gateway.lines, `claude-cli/${model}`),
    async candidate(agent, index = 0) {
      const { json } = await gateway.api("/api/v1/status");
      const agents = json["agents"] as { id: string; candidates: Record<string, unknown>[] }[];
      return agents.find(({ id }) => id === agent)?.candidates[index] ?? {};
    },
    memory: () => memoryOf(gateway.pid),
  };
}

function endsOf(lines: readonly Line[], candidate: string): readonly Line[] {
  const begun = lines.filter((line) => line.event === "turn.started" && line["candidate"] === candidate);
  const keys = new Set(begun.map((line) => `${String(line["turn"])}:${String(line["attempt"])}`));
  return lines.filter(
    (line) =>
      line.event === "turn.finished" && keys.has(`${String(line["turn"])}:${String(line["attempt"])}`),
  );
}

function memoryOf(pid: number): number {
  const kib = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Math.round(Number(kib) / 1024);
}

/** Whether a process is there, and not only waiting to be buried. */
export function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

/** Asks until it is so; returns how long that took, in milliseconds. The test's own deadline bounds it. */
export async function until(is: () => boolean | Promise<boolean>): Promise<number> {
  const begun = performance.now();
  while (!(await is())) await pause(10);
  return Math.round(performance.now() - begun);
}
