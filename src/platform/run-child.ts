import type { Readable } from "node:stream";
import { SECOND, type Duration } from "../core/time.ts";
import type { Clock } from "../ports/clock.ts";
import type { Child, Exit } from "../ports/process.ts";

/** What a probe may write; the rest is dropped. */
const OUTPUT_BYTES = 64 * 1024;
/** How long output may still come after the tree has ended. */
const DRAIN = SECOND;

type Ran = Exit & { stdout: string; stderr: string; timedOut: boolean };

/** Lets a child run to its end, or ends it past `deadline`. Leaves nothing of its tree behind. */
export async function runChild(
  clock: Clock,
  child: Child,
  input: string | undefined,
  deadline: Duration,
): Promise<Ran> {
  const stdout = collect(child.stdout);
  child.stdin.end(input ?? "");
  let timedOut = false;
  const cancel = clock.timer(deadline, () => {
    timedOut = true;
    void child.end(0);
  });
  const exit = await child.exited;
  cancel();
  await child.end(0);
  const over = new AbortController();
  await Promise.race([stdout.ended, clock.sleep(DRAIN, over.signal)]);
  over.abort();
  return { ...exit, stdout: stdout.text(), stderr: child.stderrTail(), timedOut };
}

function collect(stream: Readable): { readonly ended: Promise<void>; text(): string } {
  const chunks: Buffer[] = [];
  let room = OUTPUT_BYTES;
  stream.on("data", (chunk: Buffer) => {
    if (room <= 0) return;
    chunks.push(chunk.subarray(0, room));
    room -= chunk.length;
  });
  const ended = new Promise<void>((resolve) => stream.once("close", () => resolve()));
  return {
    ended,
    text: () =>
      Buffer.concat(chunks)
        .toString("utf8")
        .replace(/\uFFFD$/, ""),
  };
}
