import { createHash } from "node:crypto";
import {
  chmodSync,
  constants,
  accessSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { Config } from "../core/config.ts";
import { messageOf, RollcallError } from "../core/errors.ts";
import type { Random } from "../ports/random.ts";

const PRIVATE_DIR = 0o700;
const PRIVATE_FILE = 0o600;

/** Makes the state directory, for this user alone. @throws RollcallError `state-unwritable` */
export function prepareStateDir(dir: string): void {
  try {
    if (!existsSync(dir)) mkdirSync(dir, { recursive: true, mode: PRIVATE_DIR });
    accessSync(dir, constants.R_OK | constants.W_OK | constants.X_OK);
    for (const part of ["logs", "harnesses", "attachments"])
      mkdirSync(join(dir, part), { recursive: true, mode: PRIVATE_DIR });
    chmodSync(dir, PRIVATE_DIR);
  } catch (error) {
    throw new RollcallError("state-unwritable", { detail: messageOf(error), cause: error });
  }
}

/** The gateway's own token: made at the first start, kept for this user alone. */
export function ownToken(dir: string, random: Random): string {
  const path = join(dir, "token");
  if (existsSync(path)) {
    const kept = readFileSync(path, "utf8").trim();
    if (kept !== "") return kept;
  }
  const token = random.secret(32);
  writePrivate(path, token);
  return token;
}

/** Makes the agents' workspaces. @throws RollcallError `config-invalid` */
export function prepareWorkspaces(agents: Config["agents"]["list"]): void {
  for (const { id, workspace } of agents) {
    try {
      mkdirSync(workspace, { recursive: true });
    } catch (error) {
      throw new RollcallError("config-invalid", {
        at: "agents.list",
        detail: `the workspace of agent ${id} can't be made: ${messageOf(error)}`,
        cause: error,
      });
    }
  }
}

export function hashToken(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}

/** Where commands find the running gateway. */
export interface Presence {
  readonly pid: number;
  readonly url: string;
  readonly token: string;
  readonly version: string;
  readonly startedAt: string;
  readonly instance: string;
}

const PRESENCE = "gateway.json";

export function writePresence(dir: string, presence: Presence): void {
  writePrivate(join(dir, PRESENCE), `${JSON.stringify(presence)}\n`);
}

export function removePresence(dir: string): void {
  rmSync(join(dir, PRESENCE), { force: true });
}

/** For this user alone, whole or not at all: a reader never sees half a file. */
export function writePrivate(path: string, text: string): void {
  const next = `${path}.next`;
  writeFileSync(next, text, { mode: PRIVATE_FILE });
  renameSync(next, path);
}
