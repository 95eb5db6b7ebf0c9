import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";

/** Where to look: what was said, and what surrounds the process. */
export interface LocateFrom {
  /** The command line's word. */
  readonly flag?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Absolute. */
  readonly cwd: string;
  /** Replaces the look at the disk. */
  readonly exists?: (path: string) => boolean;
}

const NAMES = ["rollcall.json5", "rollcall.json", "rollcall.yaml", "rollcall.yml"];

/**
 * The configuration file: the flag, `ROLLCALL_CONFIG`, then a `rollcall.json5` (or .json, .yaml, .yml) in the working
 * folder, then one in `$XDG_CONFIG_HOME/rollcall`. A named one is taken whether or not it exists; null when none is
 * named and none is there. Absolute.
 */
export function locateConfig(from: LocateFrom): string | null {
  const named = given(from.flag) ?? given(from.env["ROLLCALL_CONFIG"]);
  if (named !== undefined) return resolve(from.cwd, named);
  const exists = from.exists ?? existsSync;
  const folders = [from.cwd, join(xdg(from.env, "XDG_CONFIG_HOME", ".config"), "rollcall")];
  return folders.flatMap((folder) => NAMES.map((name) => join(folder, name))).find(exists) ?? null;
}

/**
 * The state directory: the flag, `ROLLCALL_STATE_DIR`, an existing `./.rollcall`, then `$XDG_STATE_HOME/rollcall`.
 * Absolute; it need not exist.
 *
 * @param from.trial a trial without a configuration keeps its state in `./.rollcall`, existing or not
 */
export function locateState(from: LocateFrom & { readonly trial?: boolean }): string {
  const named = given(from.flag) ?? given(from.env["ROLLCALL_STATE_DIR"]);
  if (named !== undefined) return resolve(from.cwd, named);
  const here = join(from.cwd, ".rollcall");
  if (from.trial === true || (from.exists ?? existsSync)(here)) return here;
  return stateHome(from.env);
}

/** The user's own state directory. Absolute. */
export function stateHome(env: LocateFrom["env"]): string {
  return join(xdg(env, "XDG_STATE_HOME", join(".local", "state")), "rollcall");
}

/** A base directory by the XDG specification: relative values are invalid and ignored. */
function xdg(env: LocateFrom["env"], variable: string, fallback: string): string {
  const value = env[variable];
  if (value !== undefined && isAbsolute(value)) return value;
  return join(given(env["HOME"]) ?? given(env["USERPROFILE"]) ?? homedir(), fallback);
}

function given(text: string | undefined): string | undefined {
  return text === undefined || text === "" ? undefined : text;
}
