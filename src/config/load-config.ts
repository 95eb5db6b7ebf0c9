import { dirname, resolve } from "node:path";
import type { Config } from "../core/config.ts";
import { RollcallError } from "../core/errors.ts";
import { complete, type ConfigFolders } from "./complete.ts";
import { configWarnings, crossProblems, type KnownKinds } from "./cross-checks.ts";
import { literalSecrets } from "./literal-secrets.ts";
import { check, invalid } from "./section.ts";
import { languageOf, parseText, type ConfigLanguage } from "./parse-text.ts";
import { readConfig } from "./read-config.ts";
import { defaultWorkspaces } from "./workspaces.ts";

export interface LoadOptions {
  /** Kinds that are built in, for warnings about those that aren't. */
  readonly kinds: KnownKinds;
  /** Folder for the workspaces of agents that name none. By default `.rollcall/workspaces` beside the file. */
  readonly workspaces?: string;
}

export interface LoadedConfig {
  readonly config: Config;
  /** Absolute. */
  readonly path: string;
  /** Folder that relative paths of the file start from. Absolute. */
  readonly baseDir: string;
  /** The file as it was read. */
  readonly text: string;
  /** What is allowed and probably not meant, one line each. No values in them. */
  readonly warnings: readonly string[];
}

/**
 * Reads, checks and completes a configuration file. Sections of harnesses, channel accounts and alert routes stay raw:
 * their kinds check them.
 *
 * @throws RollcallError `config-missing`, `config-unreadable`, `config-syntax`, `config-invalid` (every problem in
 *   `detail`, one line each)
 */
export async function loadConfig(path: string, options: LoadOptions): Promise<LoadedConfig> {
  const file = resolve(path);
  const text = await readConfig(file);
  const language = languageOf(file);
  if (language === undefined) {
    throw new RollcallError("config-unreadable", {
      detail: `${file}: its ending says nothing`,
      fix: "Name it .json5, .json, .yaml or .yml.",
    });
  }
  const baseDir = dirname(file);
  const folders = { baseDir, workspaces: options.workspaces ?? defaultWorkspaces(baseDir) };
  const parsed = await parseConfig(text, language, { folders, kinds: options.kinds }).catch(
    (error: unknown) => {
      if (!(error instanceof RollcallError) || error.code !== "config-syntax") throw error;
      throw new RollcallError("config-syntax", { detail: `${file}, ${error.detail ?? ""}`, cause: error });
    },
  );
  return { ...parsed, path: file, baseDir, text };
}

/**
 * The same from text.
 *
 * @throws RollcallError `config-syntax`, `config-invalid`
 */
export async function parseConfig(
  text: string,
  language: ConfigLanguage,
  to: { readonly folders: ConfigFolders; readonly kinds: KnownKinds },
): Promise<{ readonly config: Config; readonly warnings: readonly string[] }> {
  const [raw, { configSchema }] = await Promise.all([parseText(text, language), import("./schema.ts")]);
  const checked = check(configSchema, raw, "");
  if (!checked.ok) {
    // Names are looked up too, unless agents themselves are in doubt: one round of mending should do.
    const sure =
      checked.rest !== null &&
      !checked.problems.some((line) => /^(?:agents\b|[^.[]+: unknown key)/.test(line));
    const further = sure && checked.rest !== null ? crossProblems(complete(checked.rest, to.folders)) : [];
    throw invalid([...checked.problems, ...further]);
  }
  const config = complete(checked.value, to.folders);
  const problems = crossProblems(config);
  if (problems.length > 0) throw invalid(problems);
  return {
    config,
    warnings: [...literalSecrets(raw), ...modelWarnings(checked.value), ...configWarnings(config, to.kinds)],
  };
}

type Parsed = Parameters<typeof complete>[0];

function modelWarnings({ agents }: Parsed): readonly string[] {
  if (agents?.defaults?.model?.primary !== undefined) return [];
  return (agents?.list ?? [{ id: "main", model: undefined }]).flatMap(({ model }, index) =>
    model?.primary === undefined
      ? [`agents.list[${index}].model.primary: not set; the agent only echoes what it is told`]
      : [],
  );
}
