// The real program between a fake Telegram and a fake harness, to be killed at a point and looked at afterwards.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as pause } from "node:timers/promises";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { fakeClaude, type FakeClaude } from "../fakes/harness/fake-claude.ts";
import { startTelegram, type FakeTelegram } from "../fakes/telegram/server.ts";
import {
  makeHome,
  runProgram,
  startGateway,
  type Gateway,
  type Home,
  type Program,
} from "../gateway/program.ts";
import { FAILPOINT, formatFailpoint, type Point } from "./points.ts";

export const PRELOAD = fileURLToPath(new URL("preload.ts", import.meta.url));
const TOKEN = "1:secret-of-the-test";
const LONG = 30_000;
/** Compiled code for all stages of a test file: who is killed keeps none. */
const code = mkdtempSync(join(tmpdir(), "rollcall-code-"));
process.on("exit", () => rmSync(code, { recursive: true, force: true }));

export interface Stage {
  readonly telegram: FakeTelegram;
  readonly claude: FakeClaude;
  readonly home: Home;
  /** A gateway that lives. */
  start(): Promise<Gateway>;
  /** A gateway that will kill itself at a point. */
  startUntil(point: Point, times?: number): Program;
  /** What the bot's visible messages of a chat say. */
  shown(chat: number): readonly string[];
}

export async function setStage(t: TestContext, more: Readonly<Record<string, string>> = {}): Promise<Stage> {
  const telegram = await startTelegram({ token: TOKEN, limits: "off" });
  t.after(() => telegram.close());
  const home = makeHome(t);
  const claude = fakeClaude({ dir: join(home.dir, "claude"), cache: code });
  const env = { ...claude.env, NODE_COMPILE_CACHE: code, ...more };
  const node = ["--import", PRELOAD];
  configure(home, telegram, 0);
  return {
    telegram,
    claude,
    home,
    start: () => startGateway(t, home, { env, ...(Object.keys(more).length > 0 && { node }) }),
    startUntil: (point, times = 1) =>
      runProgram(t, home, "start", {
        args: ["--port", "0"],
        node,
        env: { ...env, [FAILPOINT]: formatFailpoint({ point, times }) },
      }),
    shown: (chat) =>
      telegram
        .chat(chat)
        .messages.filter(({ fromBot, deleted }) => fromBot && !deleted)
        .map(({ text }) => text),
  };
}

/** @param round another one is another configuration that means the same */
export function configure(home: Home, telegram: FakeTelegram, round: number): void {
  home.configure({
    "x-round": round,
    agents: {
      list: [
        {
          id: "main",
          model: { primary: "claude-cli/default", fallbacks: ["claude-cli/second"] },
          workspace: join(home.dir, "work"),
        },
      ],
    },
    channels: {
      telegram: {
        accounts: {
          default: { token: TOKEN, apiRoot: telegram.root, direct: { policy: "open", allow: ["*"] } },
        },
      },
    },
  });
}

/** Asks until it is so. The bound is for what never comes. */
export async function eventually(is: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (const until = Date.now() + LONG; Date.now() < until; await pause(20)) if (await is()) return;
  throw new TypeError(`never came: ${what}`);
}
