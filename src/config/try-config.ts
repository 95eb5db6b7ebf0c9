import type { Config } from "../core/config.ts";
import { complete } from "./complete.ts";
import { FIRST_AGENT } from "./defaults.ts";
import { defaultWorkspaces } from "./workspaces.ts";

/**
 * The configuration of a trial: the defaults, with one agent on the given harness. Equal to what an empty file gives,
 * and made without the schema, which is the slowest thing to load.
 *
 * @param cwd absolute
 */
export function tryConfig(of: {
  readonly cwd: string;
  readonly harness: string;
  /** Folder for the agent's workspace. By default `.rollcall/workspaces` in `cwd`. */
  readonly workspaces?: string;
}): Config {
  const agent = { id: FIRST_AGENT, model: { primary: `${of.harness}/default` } };
  const folders = { baseDir: of.cwd, workspaces: of.workspaces ?? defaultWorkspaces(of.cwd) };
  return complete({ agents: { list: [agent] } }, folders);
}
