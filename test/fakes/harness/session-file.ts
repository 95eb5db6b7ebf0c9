import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

/** What the fake keeps of a session between processes. */
export interface SessionFile {
  readonly said: string[];
  cost: number;
}

function fileOf(dir: string, id: string): string {
  return path.join(dir, "sessions", `${id}.json`);
}

export function sessionExists(dir: string, id: string): boolean {
  return existsSync(fileOf(dir, id));
}

export function readSession(dir: string, id: string): SessionFile {
  if (!sessionExists(dir, id)) return { said: [], cost: 0 };
  return JSON.parse(readFileSync(fileOf(dir, id), "utf8")) as SessionFile;
}

export function writeSession(dir: string, id: string, session: SessionFile): void {
  writeFileSync(fileOf(dir, id), JSON.stringify(session));
}
