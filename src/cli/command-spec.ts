import type { Run } from "./invocation.ts";

/** An option as help shows it: `--limit <N>` takes a value, `--file <F...>` may stand several times. */
export interface OptionSpec {
  readonly flags: string;
  readonly about: string;
}

/** What most commands take that print something. */
export const JSON_OUT: OptionSpec = { flags: "--json", about: "for programs" };

/** A command: data, so that help, guide and parser are made of the same. Its code is loaded when it runs. */
export interface CommandSpec {
  /** One word, or two for a command of a family. */
  readonly name: string;
  readonly group: "Gateway" | "Messages" | "Access";
  /** As help writes arguments: `<ID>`, `[TEXT...]`. */
  readonly args?: string;
  readonly about: string;
  readonly options?: readonly OptionSpec[];
  readonly examples: readonly string[];
  /** Whether it talks to a running gateway. */
  readonly remote: boolean;
  readonly load: () => Promise<{ readonly run: Run }>;
}
