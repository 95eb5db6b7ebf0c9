// What stands beside the protocol: a program that gets a prompt writes down for whom, and who else is alive that worked
// for the same lane. Times are of the machine's monotonic clock, so that lines of several processes can be put in order.
import { createHash } from "node:crypto";
import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";

/** One line of the witness: the begin or the end of a turn, or the use of a tool in it. */
export interface Witnessed {
  readonly what: "prompt" | "tool" | "end";
  /** Milliseconds. */
  readonly at: number;
  readonly pid: number;
  /** The first line of the prompt: which turn it is. */
  readonly turn: string;
  /** The chat that the prompt names. */
  readonly lane: string;
  /** What the user said; of a prompt alone. */
  readonly text?: string;
  /** Of a prompt: earlier processes of the same lane that were alive when it came. */
  readonly rivals?: readonly number[];
}

const FILE = "witness.jsonl";

/** @param prompt the whole text that the program was given */
export function witness(dir: string, what: Witnessed["what"], prompt: string): void {
  const [head = "", ...rest] = prompt.split("\n---\n");
  const lane = /^chat: .* (\S+)$/m.exec(head)?.[1] ?? "";
  const line: Witnessed = {
    what,
    at: Number(process.hrtime.bigint() / 1000n) / 1000,
    pid: process.pid,
    turn: head.split("\n")[0] ?? "",
    lane,
    ...(what === "prompt" && { text: rest.join("\n---\n"), rivals: rivalsOf(dir, lane) }),
  };
  appendFileSync(path.join(dir, FILE), `${JSON.stringify(line)}\n`);
}

export function readWitness(dir: string): readonly Witnessed[] {
  const file = path.join(dir, FILE);
  if (!existsSync(file)) return [];
  return readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Witnessed);
}

/** Adds this process to those of the lane, and returns which of the others live. */
function rivalsOf(dir: string, lane: string): readonly number[] {
  mkdirSync(path.join(dir, "lanes"), { recursive: true });
  const file = path.join(dir, "lanes", createHash("sha256").update(lane).digest("hex").slice(0, 16));
  const known = existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : [];
  const own = `${process.pid} ${bornAt(process.pid)}`;
  if (!known.includes(own)) appendFileSync(file, `${own}\n`);
  return known.flatMap((one) => {
    const [pid = "", born] = one.split(" ");
    return one !== own && bornAt(Number(pid)) === born ? [Number(pid)] : [];
  });
}

/** When a process began, in ticks; empty when it has ended. proc(5): fields count from the bracket that closes its name. */
function bornAt(pid: number): string {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "latin1");
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" || fields[0] === "X" ? "" : (fields[19] ?? "");
  } catch {
    return ""; // it has ended
  }
}
