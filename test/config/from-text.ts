import type { Config } from "../../src/core/config.ts";
import { RollcallError } from "../../src/core/errors.ts";
import { parseConfig } from "../../src/config/load-config.ts";
import type { ConfigLanguage } from "../../src/config/parse-text.ts";

export const FOLDERS = { baseDir: "/srv/gateway", workspaces: "/srv/gateway/.rollcall/workspaces" };
export const KINDS = { harnesses: ["claude-cli", "codex-cli", "echo", "command"] };

export async function parse(
  text: string | object,
  language: ConfigLanguage = "json5",
): Promise<{ config: Config; warnings: readonly string[] }> {
  const written = typeof text === "string" ? text : JSON.stringify(text);
  return parseConfig(written, language, { folders: FOLDERS, kinds: KINDS });
}

/** The problems of a configuration, one line each; empty when it has none. */
export async function problems(
  text: string | object,
  language: ConfigLanguage = "json5",
): Promise<readonly string[]> {
  try {
    await parse(text, language);
    return [];
  } catch (error) {
    if (!(error instanceof RollcallError)) throw error;
    return (error.detail ?? "")
      .split("\n")
      .map((line) => (error.code === "config-invalid" ? line : `${error.code} ${line}`));
  }
}
