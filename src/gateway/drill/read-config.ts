import { join } from "node:path";
import type { Config } from "../../core/config.ts";
import { loadConfig, parseConfig } from "../../config/load-config.ts";
import { locateConfig } from "../../config/locate.ts";
import { languageOf, parseText } from "../../config/parse-text.ts";
import { HARNESS_KINDS } from "../catalog.ts";

export interface ReadConfig {
  /** Null: there is none, and the defaults are drilled. */
  readonly path: string | null;
  readonly raw: Readonly<Record<string, unknown>>;
  readonly config: Config;
}

/** As a start without a configuration: one agent, on the harness that needs nothing. */
const DEFAULTS = JSON.stringify({ agents: { list: [{ id: "main", model: { primary: "echo/default" } }] } });

/**
 * The user's configuration, checked as a start checks it. No secret is resolved and no plugin is loaded: a drill needs
 * neither.
 *
 * @throws RollcallError `config-*`
 */
export async function readForDrill(from: {
  readonly config: string | undefined;
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
}): Promise<ReadConfig> {
  const path = locateConfig({ flag: from.config, env: from.env, cwd: from.cwd });
  const kinds = { harnesses: Object.keys(HARNESS_KINDS) };
  const workspaces = join(from.cwd, "workspaces");
  if (path === null) {
    const folders = { baseDir: from.cwd, workspaces };
    const { config } = await parseConfig(DEFAULTS, "json5", { folders, kinds });
    return { path, raw: await rawOf(DEFAULTS, "drill.json5"), config };
  }
  const loaded = await loadConfig(path, { kinds, workspaces });
  return { path, raw: await rawOf(loaded.text, loaded.path), config: loaded.config };
}

async function rawOf(text: string, path: string): Promise<ReadConfig["raw"]> {
  return (await parseText(text, languageOf(path) ?? "json5")) as ReadConfig["raw"];
}
