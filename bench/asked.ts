import { spawn } from "node:child_process";
import path from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { BenchFailed } from "./program.ts";

/** A script beside this file that answers each line with a line. */
export interface Asked {
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller's promise about the script
  ask<T>(question: object): Promise<T>;
  stop(): Promise<void>;
}

export function startAsked(script: string, args: readonly string[]): Asked {
  const child = spawn(process.execPath, [path.join(import.meta.dirname, script), ...args], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async ask<T>(question: object) {
      child.stdin.write(`${JSON.stringify(question)}\n`);
      const line = await lines.next();
      if (line.done === true) throw new BenchFailed(`${script} ended`);
      return JSON.parse(line.value) as T;
    },
    async stop() {
      const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
      child.stdin.end();
      await ended;
    },
  };
}
