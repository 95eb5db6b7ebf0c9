import { join } from "node:path";
import { EXIT, RollcallError } from "../../core/errors.ts";
import { prettyLine } from "../../gateway/command-parts.ts";
import { stateDirOf } from "../connect.ts";
import { followFile, lastLines } from "../follow-file.ts";
import { wholeNumber, type Run } from "../invocation.ts";

const LINES = 50;

export const run: Run = async (invocation) => {
  const { terminal } = invocation;
  const path = join(stateDirOf(invocation), "logs", "rollcall.jsonl");
  const count = wholeNumber(invocation, "lines", 0, 100_000) ?? LINES;
  const json = invocation.flag("json");
  const print = (line: string): void => terminal.out(`${json ? line : prettyLine(line, terminal.tty)}\n`);
  const end = await lastLines(path, count, print);
  if (end === null && !invocation.flag("follow")) {
    throw new RollcallError("gateway-unreachable", { detail: `there is no log at ${path}` });
  }
  if (!invocation.flag("follow")) return EXIT.ok;
  const stopped = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) terminal.process.once(signal, () => stopped.abort());
  await followFile(path, end, print, stopped.signal);
  return EXIT.ok;
};
