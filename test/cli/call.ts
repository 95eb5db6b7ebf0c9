import process from "node:process";
import { Readable } from "node:stream";
import { runCli } from "../../src/cli/cli.ts";

/** What a command wrote, and how it ended. */
export interface Called {
  readonly exit: number;
  readonly out: string;
  readonly err: string;
}

interface Surroundings {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  readonly tty?: boolean;
  /** Told of every piece that goes to standard output. */
  readonly onOut?: (text: string) => void;
}

/** Runs the command line within this process, away from its streams and its environment. */
export async function call(argv: readonly string[], around: Surroundings = {}): Promise<Called> {
  let out = "";
  let err = "";
  const exit = await runCli({
    argv,
    env: { HOME: "/nowhere", ...around.env },
    cwd: around.cwd ?? "/nowhere",
    stdin: Readable.from(around.stdin === undefined ? [] : [Buffer.from(around.stdin)]),
    out: (text) => {
      out += text;
      around.onOut?.(text);
    },
    err: (text) => (err += text),
    tty: around.tty ?? false,
    process,
  });
  return { exit, out, err };
}
