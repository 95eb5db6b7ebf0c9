/** The options that the fake knows, as the real program has them; the others are an error there too. */
const FLAGS = new Set([
  "-p",
  "--verbose",
  "--include-partial-messages",
  "--replay-user-messages",
  "--no-session-persistence",
]);
const VALUES = new Set([
  "--input-format",
  "--output-format",
  "--permission-prompt-tool",
  "--session-id",
  "--resume",
  "--model",
  "--append-system-prompt",
  "--permission-mode",
  "--tools",
]);

export type ParsedArguments =
  | { readonly ok: true; readonly flags: ReadonlySet<string>; readonly values: ReadonlyMap<string, string> }
  | { readonly ok: false; readonly error: string };

/** Reads `--name value` and `--name=value`. */
export function parseArguments(args: readonly string[]): ParsedArguments {
  const flags = new Set<string>();
  const values = new Map<string, string>();
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? "";
    const equals = arg.indexOf("=");
    const name = equals < 0 ? arg : arg.slice(0, equals);
    if (FLAGS.has(arg)) flags.add(arg);
    else if (VALUES.has(name)) values.set(name, equals < 0 ? (args[++i] ?? "") : arg.slice(equals + 1));
    else return { ok: false, error: `error: unknown option '${arg}'` };
  }
  return { ok: true, flags, values };
}
