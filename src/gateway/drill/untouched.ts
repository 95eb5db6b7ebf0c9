import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { codeOf } from "../../core/errors.ts";
import type { Look } from "./finding.ts";

/** What a folder holds: for each file its size, times and content. */
export type Picture = ReadonlyMap<string, string>;

/** Larger files are known by their size and times alone. In bytes. */
const READ_BELOW = 16 * 1024 * 1024;

/** Takes a picture of a folder; an absent one is an empty picture. */
export function takePicture(dir: string): Picture {
  if (!existsSync(dir)) return new Map();
  const entries = readdirSync(dir, { recursive: true, encoding: "utf8" });
  return new Map(["", ...entries].map((path) => [path, pictureOf(join(dir, path))]));
}

/** Whether two pictures are the same. Pure. */
export function compare(before: Picture, after: Picture): Look {
  const changed = [...new Set([...before.keys(), ...after.keys()])].filter(
    (path) => before.get(path) !== after.get(path),
  );
  if (changed.length === 0) return { kept: true, seen: `${before.size} files and folders, none changed` };
  return { kept: false, seen: `changed: ${changed.slice(0, 5).join(", ")}` };
}

function pictureOf(path: string): string {
  try {
    const stat = statSync(path);
    const times = `${stat.ino} ${stat.size} ${stat.mtimeMs} ${stat.ctimeMs}`;
    if (!stat.isFile() || stat.size > READ_BELOW) return times;
    return `${times} ${createHash("sha256").update(readFileSync(path)).digest("hex")}`;
  } catch (error) {
    // Gone between the two looks, a dangling link, or not ours to read: the same after as before.
    return codeOf(error) ?? "unreadable";
  }
}

/** Whether a gateway runs on this state directory: then it writes there itself. */
export function isServed(dir: string): boolean {
  try {
    const { pid } = JSON.parse(readFileSync(join(dir, "gateway.json"), "utf8")) as { pid: number };
    return process.kill(pid, 0);
  } catch (error) {
    return codeOf(error) === "EPERM";
  }
}
