import { lstatSync, readlinkSync, watch, type FSWatcher } from "node:fs";
import path from "node:path";
import type { Clock } from "../ports/clock.ts";

export interface WatchedCommand {
  /** Absolute path, or a name that is looked up on `searchPath`. */
  readonly command: string;
  readonly searchPath: string;
}

/** Links that are followed from the command to its program, and folders that are watched at most. */
const BOUNDS = { links: 16, folders: 48 } as const;
/** Changes that come together are one. In milliseconds. */
const TOGETHER = 20;

/**
 * Calls back soon after a command's file may have changed, come or gone: the folders of its PATH, and those that its
 * links lead through, are watched. A folder that isn't there yet is waited for in the nearest one above it.
 *
 * Best effort: what the system doesn't tell (network file systems, no watches left) is missed.
 */
export function watchCommand(clock: Clock, what: WatchedCommand, changed: () => void): () => void {
  const watchers = new Map<string, FSWatcher>();
  let names = new Map<string, Set<string>>();
  let cancel: (() => void) | undefined;
  let ended = false;

  const settle = (): void => {
    cancel = undefined;
    arm();
    changed();
  };
  const heard = (folder: string, name: string | null): void => {
    // A folder that is moved tells its own name.
    const concerns = name === null || name === path.basename(folder) || names.get(folder)?.has(name) === true;
    if (ended || !concerns) return;
    cancel ??= clock.timer(TOGETHER, settle);
  };
  const forget = (folder: string): void => {
    watchers.get(folder)?.close();
    watchers.delete(folder);
  };
  const arm = (): void => {
    names = placesOf(what);
    for (const folder of watchers.keys()) forget(folder);
    for (const folder of names.keys()) {
      const watcher = openWatch(folder, (name) => heard(folder, name));
      watcher?.on("error", () => forget(folder));
      if (watcher !== undefined) watchers.set(folder, watcher);
    }
  };
  arm();
  return () => {
    ended = true;
    cancel?.();
    for (const folder of watchers.keys()) forget(folder);
  };
}

function openWatch(folder: string, heard: (name: string | null) => void): FSWatcher | undefined {
  try {
    return watch(folder, { persistent: false }, (_event, name) => heard(name));
  } catch {
    return undefined; // gone meanwhile, or no watches left: the looks from time to time go on
  }
}

/** Which names in which existing folders decide what the command is. */
function placesOf({ command, searchPath }: WatchedCommand): Map<string, Set<string>> {
  const places = new Map<string, Set<string>>();
  const starts = command.includes("/")
    ? [path.resolve(command)]
    : searchPath
        .split(path.delimiter)
        .filter((folder) => path.isAbsolute(folder))
        .map((folder) => path.join(folder, command));
  for (const start of starts) follow(start, places);
  return places;
}

/** Every folder on the way: a link in the middle of a path leads elsewhere as a link at its end does. */
function follow(start: string, places: Map<string, Set<string>>): void {
  let rest = start;
  for (let links = 0; links <= BOUNDS.links; links++) {
    const next = walk(rest, places);
    if (next === undefined) return;
    rest = next;
  }
}

/** Walks down one path. Returns where its first link leads, undefined at its end or where it breaks off. */
function walk(file: string, places: Map<string, Set<string>>): string | undefined {
  const parts = file.split(path.sep).filter((part) => part !== "");
  let folder: string = path.sep;
  for (const [index, part] of parts.entries()) {
    const here = path.join(folder, part);
    const kind = kindOf(here);
    const last = index === parts.length - 1;
    // The folders above are watched only where the path breaks off, or turns: they are busy, and seldom change.
    if (last || kind !== "folder") note(places, folder, part);
    if (kind === "nothing" || last) return kind === "link" ? target(here, []) : undefined;
    if (kind === "link") return target(here, parts.slice(index + 1));
    folder = here;
  }
  return undefined;
}

function note(places: Map<string, Set<string>>, folder: string, name: string): void {
  if (!places.has(folder) && places.size >= BOUNDS.folders) return;
  places.set(folder, (places.get(folder) ?? new Set()).add(name));
}

function kindOf(file: string): "link" | "folder" | "file" | "nothing" {
  try {
    const found = lstatSync(file);
    if (found.isSymbolicLink()) return "link";
    return found.isDirectory() ? "folder" : "file";
  } catch {
    return "nothing"; // not there, or nothing that we may see
  }
}

function target(link: string, rest: readonly string[]): string | undefined {
  try {
    return path.resolve(path.dirname(link), readlinkSync(link), ...rest);
  } catch {
    return undefined; // the link went between two looks: the next event looks again
  }
}
