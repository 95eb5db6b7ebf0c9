import { watch } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { UNDO } from "../boot/stop-plan.ts";
import { codeOf, messageOf } from "../core/errors.ts";
import { SECOND, type Duration } from "../core/time.ts";
import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import { systemClock } from "../platform/clock.ts";
import type { ServeInput } from "./serve-input.ts";
import { packageRoot } from "./version.ts";

/** Notices that the program on disk is no longer the one that runs. */
export interface ProgramWatch {
  /** The first look is what all later ones are compared to. */
  start(): Promise<void>;
  /** Looks now; a reload does. */
  look(): Promise<void>;
  /** What changed, in one line; null while nothing did, and again when it was put back. */
  reason(): string | null;
  stop(): void;
}

export interface ProgramWatchInput {
  /** Folder of the installed package. */
  readonly root: string;
  /** Files beside the program that were loaded: plugins. Absolute. */
  readonly extra: () => readonly string[];
  readonly clock: Clock;
  readonly log: Log;
}

/** A look reads some hundred file dates: a few milliseconds that nobody waits for. */
const LOOK_EVERY: Duration = 30 * SECOND;
/** A replaced folder is seen at once; an installation that goes on is looked at when it pauses. */
const SETTLES: Duration = 0.5 * SECOND;
/** What stands for the packages: npm writes its own list anew with every change. */
const PACKAGES = ["package.json", "package-lock.json", "node_modules", "node_modules/.package-lock.json"];
/** Where the program's own code is, in a checkout and in a package. */
const CODE = ["src", "dist"];

/**
 * Everything that a declared thing needs was loaded before the gateway listened, so that a replaced program doesn't
 * disturb the running one. It only isn't what the next start will run, and the operator is told.
 */
function watchProgram(input: ProgramWatchInput): ProgramWatch {
  let first: ReadonlyMap<string, string> | null = null;
  let reason: string | null = null;
  let stopped = false;
  let cancel = (): void => {};
  const look = async (): Promise<void> => {
    const now = await datesOf(input);
    if (stopped) return;
    first ??= now;
    const found = changeBetween(first, now);
    if (found !== reason && found !== null) input.log.warn("program.changed", {}, `restart needed: ${found}`);
    reason = found;
  };
  const lookIn = (span: Duration): void => {
    cancel();
    if (!stopped) cancel = input.clock.timer(span, () => void look().then(() => lookIn(LOOK_EVERY)));
  };
  let unwatch = (): void => {};
  return {
    async start() {
      await look();
      if (!stopped) unwatch = watchFolder(input, () => lookIn(SETTLES));
      lookIn(LOOK_EVERY);
    },
    look,
    reason: () => reason,
    stop() {
      stopped = true;
      cancel();
      unwatch();
    },
  };
}

/** The watch of this gateway's own program and its plugins. */
export function openProgramWatch({ platform, settled, roll, boot }: ServeInput): ProgramWatch {
  const files = (): readonly string[] =>
    roll.registry
      .current()
      .config.plugins.filter((plugin) => /^[./]/.test(plugin))
      .map((plugin) => resolve(settled.baseDir, plugin));
  const program = watchProgram({
    root: fileURLToPath(packageRoot),
    extra: files,
    clock: systemClock,
    log: platform.log.child("program"),
  });
  boot.undo("program watch", UNDO.step, () => program.stop());
  return program;
}

/** Where folders can't be watched, the looks from time to time are enough. */
function watchFolder({ root, log }: ProgramWatchInput, changed: () => void): () => void {
  const unwatched = (error: unknown): void => log.debug("program.unwatched", { error: messageOf(error) });
  try {
    const watcher = watch(root, { persistent: false }, changed);
    watcher.on("error", unwatched);
    return () => watcher.close();
  } catch (error) {
    unwatched(error);
    return () => {};
  }
}

/** @returns by name: what would differ in another file */
async function datesOf({ root, extra }: ProgramWatchInput): Promise<ReadonlyMap<string, string>> {
  const code = (await Promise.all(CODE.map((folder) => codeFiles(root, folder)))).flat();
  const own = [...PACKAGES, ...code].map((name): [string, string] => [name, join(root, name)]);
  const plugins = extra().map((path): [string, string] => [path, path]);
  return new Map(
    await Promise.all(
      [...own, ...plugins].map(async ([name, path]): Promise<[string, string]> => [name, await dateOf(path)]),
    ),
  );
}

async function codeFiles(root: string, folder: string): Promise<readonly string[]> {
  try {
    const found = await readdir(join(root, folder), { recursive: true });
    return found.filter((name) => /\.[jt]s$/.test(name)).map((name) => join(folder, name));
  } catch (error) {
    if (codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR") return [];
    return [folder];
  }
}

async function dateOf(path: string): Promise<string> {
  try {
    const found = await stat(path);
    // A folder's own date changes with every cache that is put into it; its identity only when it is replaced.
    return found.isDirectory() ? String(found.ino) : `${found.ino} ${found.mtimeMs} ${found.size}`;
  } catch (error) {
    return codeOf(error) ?? "unreadable";
  }
}

/** Pure. */
function changeBetween(first: ReadonlyMap<string, string>, now: ReadonlyMap<string, string>): string | null {
  const names = new Set([...first.keys(), ...now.keys()]);
  const changed = [...names].filter((name) => first.get(name) !== now.get(name));
  const [one, ...others] = changed;
  if (one === undefined) return null;
  const more = others.length === 0 ? "" : ` and ${others.length} more`;
  return `${one}${more} changed since the start`;
}
