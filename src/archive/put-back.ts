import { existsSync } from "node:fs";
import { chmod, copyFile, mkdir, readdir, readFile, rename } from "node:fs/promises";
import { basename, dirname, isAbsolute, join, relative } from "node:path";
import { PLACES, type Manifest } from "./manifest.ts";

export interface PutBack {
  /** Where the archive was unpacked. */
  readonly from: string;
  readonly stateDir: string;
  readonly manifest: Manifest;
  /** Home folder of the user that restores. */
  readonly home: string;
}

/** Files of messages that aren't there yet. Names are never used twice, so what is there is the same. */
export async function putAttachments({ from, stateDir }: PutBack): Promise<number> {
  const source = join(from, PLACES.attachments);
  const target = join(stateDir, PLACES.attachments);
  if (!existsSync(source)) return 0;
  await mkdir(target, { recursive: true, mode: 0o700 });
  let put = 0;
  for (const folder of await readdir(source)) {
    if (existsSync(join(target, folder))) continue;
    await rename(join(source, folder), join(target, folder));
    put += 1;
  }
  return put;
}

/**
 * Records of the harnesses' sessions, to where they stood; below the home folder of whoever restores, where it was below
 * that of whoever backed up. One that is there stays: the session may have gone on.
 */
export async function putRecords({ from, manifest, home }: PutBack): Promise<number> {
  let put = 0;
  for (const { name, path } of manifest.records) {
    const target = rebased(path, manifest.home, home);
    if (target === null || !target.endsWith(".jsonl") || existsSync(target)) continue;
    await mkdir(dirname(target), { recursive: true, mode: 0o700 });
    await copyFile(join(from, name), target);
    await chmod(target, 0o600);
    put += 1;
  }
  return put;
}

/** The same path under another home folder; null when it isn't below the old one. */
function rebased(path: string, old: string, home: string): string | null {
  const below = relative(old, path);
  return below === "" || below.startsWith("..") || isAbsolute(below) ? null : join(home, below);
}

/**
 * The configuration, where there is none at its place; else beside the store, so that nothing is overwritten. Returns
 * where it is now; null when there is none in the archive, or the same is there.
 *
 * @param place where the gateway looks for it
 */
export async function putConfig(
  { from, stateDir, manifest }: PutBack,
  place: string | null,
): Promise<string | null> {
  if (manifest.config === null) return null;
  const name = basename(manifest.config);
  const source = join(from, PLACES.config, name);
  if (!existsSync(source)) return null;
  const text = await readFile(source, "utf8");
  const target = place ?? join(stateDir, name);
  if (existsSync(target) && (await readFile(target, "utf8")) === text) return null;
  const free =
    !existsSync(target) && existsSync(dirname(target)) ? target : join(stateDir, `${name}.restored`);
  await copyFile(source, free);
  await chmod(free, 0o600);
  return free;
}

/** The gateway's token, when the archive has it; the old one is kept. Returns whether it was put. */
export async function putToken({ from, stateDir }: PutBack, kept: string): Promise<boolean> {
  const [source, target] = [join(from, PLACES.token), join(stateDir, "token")];
  if (!existsSync(source)) return false;
  if (existsSync(target)) await rename(target, join(kept, "token"));
  await rename(source, target);
  return true;
}
