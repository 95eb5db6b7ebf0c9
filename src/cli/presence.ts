import { readFileSync } from "node:fs";
import { join } from "node:path";
import { codeOf } from "../core/errors.ts";

/** What a running gateway writes into its state directory, once it listens, for the commands. */
export interface Presence {
  readonly pid: number;
  readonly url: string;
  readonly token: string;
}

/** Whether a gateway runs on a state directory, as far as that says. */
export type Found =
  | { readonly kind: "running"; readonly presence: Presence }
  /** A gateway wrote it that is gone without taking it away. */
  | { readonly kind: "stale"; readonly pid: number }
  | { readonly kind: "none"; readonly why: string };

/** @param alive whether a process runs */
export function findPresence(stateDir: string, alive: (pid: number) => boolean = isAlive): Found {
  const path = join(stateDir, "gateway.json");
  const text = readText(path);
  if (text === undefined) return { kind: "none", why: `there is no ${path}` };
  const presence = parsePresence(text);
  if (presence === undefined) return { kind: "none", why: `${path} is not what a gateway writes` };
  return alive(presence.pid) ? { kind: "running", presence } : { kind: "stale", pid: presence.pid };
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const code = codeOf(error);
    if (code === "ENOENT" || code === "ENOTDIR" || code === "EACCES" || code === "EISDIR") return undefined;
    throw error;
  }
}

function parsePresence(text: string): Presence | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null) return undefined;
    const { pid, url, token } = value as Readonly<Record<string, unknown>>;
    if (typeof pid !== "number" || !Number.isInteger(pid) || pid < 1) return undefined;
    if (typeof url !== "string" || !/^https?:$/.test(URL.parse(url)?.protocol ?? "")) return undefined;
    return typeof token === "string" ? { pid, url, token } : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Whether a process with this id runs, ours or somebody else's. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === "EPERM";
  }
}
