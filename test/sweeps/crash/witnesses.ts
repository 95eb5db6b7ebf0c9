// The witnesses of a station: a fake Telegram in a process of its own, and the folder in which every fake harness writes
// down what it was told.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Shown } from "./judge.ts";
import type { Control } from "./people.ts";

const SERVER = fileURLToPath(new URL("../../fakes/telegram/main.ts", import.meta.url));

export interface Platform {
  readonly root: string;
  readonly control: Control;
  /** What people can read now, by chat. */
  chats(): Promise<ReadonlyMap<string, readonly Shown[]>>;
  confirmed(): Promise<number>;
  close(): Promise<void>;
}

export async function startPlatform(token: string): Promise<Platform> {
  const child = spawn(process.execPath, [SERVER, "--token", token, "--limits", "off"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
  const { root, control: at } = JSON.parse(line) as { root: string; control: string };
  const control: Control = async (name, ...args) => {
    const response = await fetch(`${at}/${name}`, { method: "POST", body: JSON.stringify(args) });
    const { result, error } = (await response.json()) as { result?: unknown; error?: string };
    if (error !== undefined) throw new TypeError(`the fake platform refused ${name}: ${error}`);
    return result;
  };
  return {
    root,
    control,
    confirmed: async () => (await control("confirmed")) as number,
    async chats() {
      const chats = (await control("chats")) as readonly { id: number; messages: readonly ShownOrNot[] }[];
      return new Map(
        chats.map(({ id, messages }) => [
          String(id),
          messages.filter(({ fromBot, deleted }) => fromBot && !deleted),
        ]),
      );
    },
    async close() {
      const exited = once(child, "exit");
      child.kill("SIGKILL");
      await exited;
    },
  };
}

interface ShownOrNot extends Shown {
  readonly fromBot: boolean;
  readonly deleted: boolean;
}

/** Processes that were started by a gateway of this folder and carry its mark of custody. */
export function custodyProcesses(dir: string): readonly number[] {
  return readdirSync("/proc").flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const environment = readFileSync(`/proc/${name}/environ`, "latin1");
      return environment.includes("ROLLCALL_CUSTODY=") && environment.includes(`HOME=${dir}`)
        ? [Number(name)]
        : [];
    } catch {
      return []; // it has ended, or is nobody's of ours
    }
  });
}
