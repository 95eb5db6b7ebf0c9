import { codeOf } from "../core/errors.ts";

/** What a command sees of the process that runs it. */
export interface Terminal {
  /** Without the program's own name. */
  readonly argv: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly stdin: NodeJS.ReadableStream;
  /** Writes to standard output, as it is. */
  out(text: string): void;
  /** Writes to standard error, as it is. */
  err(text: string): void;
  /** Whether standard output is a terminal: then text is made safe and coloured. */
  readonly tty: boolean;
  readonly process: NodeJS.Process;
}

/** The real one. A reader of standard output that goes away ends nothing but the writing. */
export function processTerminal(process: NodeJS.Process): Terminal {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: unknown) => {
      if (codeOf(error) !== "EPIPE") throw error;
    });
  }
  return {
    argv: process.argv.slice(2),
    env: process.env,
    cwd: process.cwd(),
    stdin: process.stdin,
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    tty: process.stdout.isTTY,
    process,
  };
}
