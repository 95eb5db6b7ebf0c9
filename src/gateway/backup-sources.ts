import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { existsSync, readFileSync } from "node:fs";
import type { ConfigCopy } from "../archive/backup.ts";
import type { Config } from "../core/config.ts";
import type { Harness } from "../ports/harness.ts";
import type { KnownSession } from "../ports/snapshot.ts";

/** The configuration's file for a backup. Without secrets it is what they leave; null when there is no file. */
export async function configCopy(path: string | null, secrets: boolean): Promise<ConfigCopy | null> {
  if (path === null || !existsSync(path)) return null;
  const text = await readFile(path, "utf8");
  if (secrets) return { path, text, leftOut: [] };
  const { languageOf } = await import("../config/parse-text.ts");
  const { leaveOutSecrets } = await import("../config/leave-out.ts");
  return { path, ...(await leaveOutSecrets(text, languageOf(path) ?? "json5")) };
}

/** The gateway's own token, where it is one that was made at a first start. */
export function tokenIn(stateDir: string): string | null {
  const path = join(stateDir, "token");
  return existsSync(path) ? readFileSync(path, "utf8") : null;
}

/** Where a declared harness keeps the record of a session. */
export async function recordOf(
  { harness, native, agent }: KnownSession,
  harnesses: ReadonlyMap<string, Pick<Harness, "record">>,
  agents: Config["agents"]["list"],
): Promise<string | null> {
  const workspace = agents.find(({ id }) => id === agent)?.workspace;
  if (workspace === undefined) return null;
  return (await harnesses.get(harness)?.record?.(native, workspace)) ?? null;
}
