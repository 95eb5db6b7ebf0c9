import { watch, type FSWatcher } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { codeOf, messageOf } from "../core/errors.ts";
import { SECOND } from "../core/time.ts";
import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";

export interface ConfigWatchDeps {
  readonly path: string;
  /** The file as it was read by the start. */
  readonly text: string | null;
  readonly clock: Clock;
  readonly log: Log;
  /** The file has another content than before, and has been left alone for a while. */
  readonly changed: () => void;
}

const WATCH = {
  /** For how long a file must be left alone: editors and deployments write in several steps. */
  quiet: 0.6 * SECOND,
  /** How often the file is looked at without a hint: some file systems give none. */
  every: 2 * SECOND,
} as const;

/**
 * Watches the configuration file by its content. The folder is watched, not the file: it may be replaced, be a link,
 * or be gone for a moment. Returns the end of it.
 */
export function watchConfig({ path, text, clock, log, changed }: ConfigWatchDeps): () => void {
  let told = text;
  let seen = text;
  let cancel = (): void => {};
  let watcher: FSWatcher | undefined;
  let ended = false;
  const look = async (): Promise<void> => {
    const found = await contentOf(path);
    if (ended) return;
    const settled = found === seen;
    seen = found;
    if (!settled) return hint();
    if (found !== told) {
      told = found;
      changed();
    }
    watcher ??= watchFolder(path, log, hint, () => (watcher = undefined));
    cancel = clock.timer(WATCH.every, () => void look());
  };
  const hint = (): void => {
    cancel();
    if (!ended) cancel = clock.timer(WATCH.quiet, () => void look());
  };
  watcher = watchFolder(path, log, hint, () => (watcher = undefined));
  hint();
  return () => {
    ended = true;
    cancel();
    watcher?.close();
  };
}

function watchFolder(path: string, log: Log, hint: () => void, lost: () => void): FSWatcher | undefined {
  const name = basename(path);
  try {
    const watcher = watch(dirname(path), { persistent: false }, (_event, changed) => {
      // A link's target changes under another name.
      if (changed === null || changed === name || changed.startsWith("..")) hint();
    });
    watcher.on("error", (error) => {
      log.debug("config.watch_lost", { error: messageOf(error) });
      watcher.close();
      lost();
    });
    return watcher;
  } catch (error) {
    log.debug("config.watch_failed", { error: messageOf(error) });
    return undefined;
  }
}

/** Null when there is no file; what can't be read is as good as gone. */
async function contentOf(path: string): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    return codeOf(error) === "ENOENT" ? null : `\0${codeOf(error) ?? messageOf(error)}`;
  }
}
