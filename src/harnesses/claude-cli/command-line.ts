import type { SessionSpec } from "../../ports/harness.ts";
import { inheritedEnvironment, INHERITED } from "../environment.ts";
import { CLAUDE_ENVIRONMENT } from "./limits.ts";

/** Variables of the program's own that say where its login and settings are, and nothing about who pays. */
const OWN = ["CLAUDE_CONFIG_DIR", "CLAUDE_CODE_GIT_BASH_PATH"];

/**
 * The program's whole environment: what may be inherited, what we set, what the configuration sets, the last winning.
 * Keys and tokens of the gateway's environment are in none of these unless they are named. Pure.
 */
export function claudeEnvironment(
  gateway: Readonly<Record<string, string | undefined>>,
  inherit: readonly string[],
  configured: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  return {
    ...inheritedEnvironment(gateway, [...INHERITED, ...OWN]),
    ...CLAUDE_ENVIRONMENT,
    ...inheritedEnvironment(gateway, inherit),
    ...configured,
  };
}

/** How the program is paid with this environment, as far as the environment tells. */
export function keyOf(
  env: Readonly<Record<string, string>>,
): { readonly paidBy: "key" | "subscription"; readonly secret: string } | undefined {
  const key = env["ANTHROPIC_API_KEY"] || env["ANTHROPIC_AUTH_TOKEN"];
  if (key !== undefined && key !== "") return { paidBy: "key", secret: key };
  const token = env["CLAUDE_CODE_OAUTH_TOKEN"];
  return token === undefined || token === "" ? undefined : { paidBy: "subscription", secret: token };
}

/**
 * The command line of a warm process. Values are joined to their options with `=`, so that no model name or instruction
 * can be read as an option. The configuration's own arguments come last, and win. Pure.
 */
export function turnArguments(
  spec: Pick<SessionSpec, "model" | "instructions">,
  session: { readonly id: string; readonly resume: boolean },
  more: readonly string[],
): readonly string[] {
  return [
    "-p",
    "--input-format=stream-json",
    "--output-format=stream-json",
    "--verbose",
    "--include-partial-messages",
    // Echoes each prompt when it is taken up, so that a late word of an earlier turn is told from ours.
    "--replay-user-messages",
    "--permission-prompt-tool=stdio",
    `${session.resume ? "--resume" : "--session-id"}=${session.id}`,
    ...(spec.model === "default" ? [] : [`--model=${spec.model}`]),
    ...(spec.instructions === null ? [] : [`--append-system-prompt=${spec.instructions}`]),
    ...more,
  ];
}

/** The command line of one tiny turn that leaves no session behind; the prompt comes on stdin. */
export function probeArguments(model: string): readonly string[] {
  return [
    "-p",
    "--output-format=json",
    "--no-session-persistence",
    "--tools=",
    ...(model === "default" ? [] : [`--model=${model}`]),
  ];
}
