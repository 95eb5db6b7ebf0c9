import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, rm, rmdir } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { reopen, type Reopened } from "../archive/after-restore.ts";
import { sweepWork } from "../archive/backup.ts";
import type { Manifest } from "../archive/manifest.ts";
import { putAttachments, putConfig, putRecords, putToken, type PutBack } from "../archive/put-back.ts";
import { lossOf, type Existing } from "../archive/restore-verdict.ts";
import { unpack } from "../archive/unpack.ts";
import { locateConfig } from "../config/locate.ts";
import { RollcallError } from "../core/errors.ts";
import { toIso } from "../core/time.ts";
import { systemClock } from "../platform/clock.ts";
import type { Store } from "../ports/store.ts";
import { MARK_FILE, makeMark } from "../store/sqlite/mark.ts";
import { openStore, STORE_FILE } from "../store/sqlite/open.ts";
import { factsOf, holdStore, type HeldStore } from "../store/sqlite/replace.ts";
import { offlineLog, type Surroundings } from "./offline-archive.ts";
import { prepareStateDir } from "./state-dir.ts";
import { version } from "./version.ts";

/** What was put back, and what became of what was there. */
export interface Restored extends Reopened {
  readonly manifest: Manifest;
  /** What was given up; null when nothing was. */
  readonly lost: string | null;
  /** Where the replaced state is kept; null when there was none. */
  readonly kept: string | null;
  readonly attachments: number;
  readonly records: number;
  /** Where the configuration was put; null when it was there already. */
  readonly config: string | null;
}

/**
 * Puts a backup in the place of the state that is there, which is kept beside. Everything is proven before anything is
 * changed, and a store never goes back without `acceptLoss`.
 *
 * @throws RollcallError `backup-unreadable`, `backup-older`, `store-held`, `store-full`, `state-unwritable`
 */
export async function restoreFile(
  stateDir: string,
  file: string,
  { acceptLoss, ...around }: Surroundings & { readonly acceptLoss: boolean },
): Promise<Restored> {
  prepareStateDir(stateDir);
  const held = holdStore(stateDir);
  const work = join(stateDir, `.restore-${randomBytes(6).toString("hex")}`);
  try {
    await sweepWork(stateDir);
    await mkdir(work, { mode: 0o700 });
    const manifest = await unpack(file, work);
    const backup = factsOf(work);
    const lost = lossOf(existingOf(held), backup);
    if (lost !== null && !acceptLoss) throw new RollcallError("backup-older", { detail: lost });
    const epoch = Math.max(held.facts?.epoch ?? 0, held.mark?.epoch ?? 0, backup.epoch);
    const reopened = await prepare(work, epoch, `restored from the backup of ${manifest.at}`);
    const from: PutBack = { from: work, stateDir, manifest, home: around.env["HOME"] ?? homedir() };
    const attachments = await putAttachments(from);
    const kept = await keepingPlace(stateDir);
    held.replace(work, kept);
    await putToken(from, kept);
    const records = await putRecords(from);
    const config = await putConfig(from, locateConfig({ ...around, flag: around.config }));
    tell(stateDir, { lost, at: manifest.at, commit: manifest.commit, ...reopened });
    return { manifest, lost, attachments, records, config, ...reopened, kept: await keptAt(kept) };
  } finally {
    held.release();
    await rm(work, { recursive: true, force: true });
  }
}

/** What is there, as far as it can be known: a database that is behind its mark was as far as the mark says. */
function existingOf({ there, facts, mark }: HeldStore): Existing {
  if (!there) return { kind: "none" };
  if (facts === null) return { kind: "broken", mark };
  const marked = mark !== null && mark.identity === facts.identity ? mark.commit : 0;
  return { kind: "store", store: { ...facts, commit: Math.max(facts.commit, marked) } };
}

/** Opens the unpacked store as a new one: a new identity and mark, an epoch above every other, and nothing unsaid. */
async function prepare(work: string, epoch: number, why: string): Promise<Reopened> {
  makeMark(work, { identity: "none", epoch, commit: 0 }).close();
  const store = await openStore({
    dir: work,
    clock: systemClock,
    version,
    acceptLoss: () => undefined,
  });
  return reopened(store, why);
}

async function reopened(store: Store, why: string): Promise<Reopened> {
  try {
    const result = await reopen(store, systemClock.now());
    await store.setNote(LOSS_NOTE, why);
    return result;
  } finally {
    await store.close();
  }
}

/** What a store lost, in words. */
const LOSS_NOTE = "store.loss";

/** A folder beside, for what is replaced. */
async function keepingPlace(stateDir: string): Promise<string> {
  const at = toIso(systemClock.now()).replaceAll(/[:.]/g, "-");
  const kept = join(stateDir, `replaced-${at}`);
  await mkdir(kept, { mode: 0o700 });
  return kept;
}

/** Gone when nothing was replaced. */
async function keptAt(kept: string): Promise<string | null> {
  if ((await readdir(kept)).length > 0) return kept;
  await rmdir(kept);
  return null;
}

function tell(stateDir: string, fields: Readonly<Record<string, unknown>>): void {
  const log = offlineLog(stateDir);
  log.child("archive").warn("store.restored", fields);
  log.close();
}

/**
 * Takes what is there as the truth, although it is known to be less than what was confirmed. Null when nothing is
 * missing: then nothing is changed.
 *
 * @throws RollcallError `gateway-unreachable` when there is no store at all, `store-held`, and what opening it throws
 */
export async function acceptWhatIsThere(
  stateDir: string,
): Promise<(Reopened & { readonly lost: string }) | null> {
  if (![STORE_FILE, MARK_FILE].some((name) => existsSync(join(stateDir, name))))
    throw new RollcallError("gateway-unreachable", { detail: "there is no store in the state directory" });
  let lost: string | null = null;
  const store = await openStore({
    dir: stateDir,
    clock: systemClock,
    version,
    acceptLoss: (loss) => (lost = loss),
  });
  if (lost === null) {
    await store.close();
    return null;
  }
  const result = { lost, ...(await reopened(store, lost)) };
  tell(stateDir, result);
  return result;
}
