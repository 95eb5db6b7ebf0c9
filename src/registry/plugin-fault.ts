import { messageOf, RollcallError } from "../core/errors.ts";
import type { Unregistered } from "./build.ts";

/** What a listed plugin did that it must not do, or didn't do that it must. */
export interface PluginFault {
  /** As it stands in the configuration. */
  readonly plugin: string;
  /** Continues the plugin's name to a sentence. */
  readonly what: string;
}

/** The line that must be read: which plugin, what it did, and what is missing because of it. */
export function faultLine({ plugin, what }: PluginFault, undone: readonly Unregistered[]): string {
  const left = undone.map(({ harness, agents }) =>
    agents.length === 0
      ? `harness "${harness}"`
      : `harness "${harness}" (agent ${agents.map((id) => `"${id}"`).join(", ")})`,
  );
  const missing = left.length === 0 ? "nothing that is declared" : left.join(", ");
  return `[gateway] CRITICAL: plugin "${plugin}" ${what}; left undone: ${missing}`;
}

/** Ends a start: every fault on a line of its own. */
export function pluginsFailed(
  faults: readonly PluginFault[],
  undone: readonly Unregistered[],
): RollcallError {
  const detail = faults.map((fault) => faultLine(fault, undone)).join("\n");
  return new RollcallError("plugin-failed", { at: "plugins", detail });
}

/** Says of a plugin's own error whose it is. What is ours already, such as a key that is not allowed, stays as it is. */
export function blame(plugin: string, doing: string, error: unknown): RollcallError {
  if (error instanceof RollcallError) return error;
  return pluginsFailed([{ plugin, what: `failed in ${doing}: ${oneLine(messageOf(error))}` }], []);
}

/** The first line of a message, bounded: what plugins throw may be anything. */
export function oneLine(text: string): string {
  const line = text.trim().split("\n", 1)[0] ?? "";
  return line.length > 300 ? `${line.slice(0, 300).toWellFormed()}…` : line;
}
