// An independent look at a gateway: a process of its own that asks without a pause and counts what it is told. Ends
// when its standard input does, with its counts on standard output.
// node test/sweeps/ready-poller.ts URL PATH...
import process from "node:process";
import { setTimeout as wait } from "node:timers/promises";

const [url = "", ...paths] = process.argv.slice(2);
const counts: Record<string, Record<string, number>> = Object.fromEntries(paths.map((path) => [path, {}]));
const over = new AbortController();
process.stdin.on("end", () => over.abort()).resume();

async function ask(path: string): Promise<string> {
  try {
    const response = await fetch(`${url}${path}`);
    await response.arrayBuffer();
    return String(response.status);
  } catch (error) {
    return error instanceof Error ? "refused" : "unknown";
  }
}

process.stdout.write("looking\n");
while (!over.signal.aborted) {
  for (const path of paths) {
    const told = counts[path] ?? {};
    const answer = await ask(path);
    told[answer] = (told[answer] ?? 0) + 1;
  }
  await wait(2);
}
process.stdout.write(`${JSON.stringify(counts)}\n`);
