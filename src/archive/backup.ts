import { randomBytes } from "node:crypto";
import { mkdir, readdir, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { addAbortSignal, pipeline, Readable } from "node:stream";
import { createGzip } from "node:zlib";
import { messageOf } from "../core/errors.ts";
import { toIso } from "../core/time.ts";
import type { BackupRequest } from "../ports/archive.ts";
import type { BlobFolder } from "../ports/blobs.ts";
import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import type { KnownSession, SnapshotStore } from "../ports/snapshot.ts";
import type { ArchivedRecord } from "./manifest.ts";
import { PLACES } from "./manifest.ts";
import { pack, type PackItem } from "./pack.ts";

/** The configuration as it goes into a backup. */
export interface ConfigCopy {
  /** Absolute, where it stands. */
  readonly path: string;
  readonly text: string;
  /** Keys whose secrets are left out of the text. */
  readonly leftOut: readonly string[];
}

export interface BackupDeps {
  readonly store: SnapshotStore;
  readonly stateDir: string;
  readonly files: BlobFolder;
  readonly clock: Clock;
  readonly log: Log;
  readonly version: string;
  /** Home folder of the user that runs the gateway. */
  readonly home: string;
  /** Null without a file. @param secrets whether they stay in it */
  readonly config: (secrets: boolean) => Promise<ConfigCopy | null>;
  /** The gateway's own token. */
  readonly token: () => string | null;
  /** Where a harness keeps the record of a session; null when it keeps none, or isn't declared any more. */
  readonly record: (session: KnownSession) => Promise<string | null>;
}

/** Folders of backups and restores that weren't finished. */
const WORK = /^\.(?:backup|restore)-[0-9a-f]{12}$/;

/**
 * Makes a backup. Resolves when the store is copied and proven; the bytes are made while they are read. Nothing of it
 * holds messages up: the copy is another process's work, the rest is read in pieces.
 *
 * @throws RollcallError `store-full`, `store-io`, `store-unreadable`
 */
export async function backup(
  deps: BackupDeps,
  { secrets }: BackupRequest,
  by: string,
  signal: AbortSignal,
): Promise<Readable> {
  const begun = deps.clock.monotonic();
  const at = toIso(deps.clock.now());
  const work = join(deps.stateDir, `.backup-${randomBytes(6).toString("hex")}`);
  await sweepWork(deps.stateDir);
  await mkdir(work, { mode: 0o700 });
  try {
    const copy = join(work, PLACES.store);
    const { commit, sessions } = await deps.store.snapshot(copy, signal);
    const config = await deps.config(secrets);
    const head = {
      version: deps.version,
      at,
      commit,
      home: deps.home,
      config: config?.path ?? null,
      secrets,
      leftOut: config?.leftOut ?? [],
    };
    const items = itemsOf(deps, { copy, config, sessions, secrets });
    const zipped = addAbortSignal(signal, createGzip({ level: 1 }));
    const plain = Readable.from(pack(items, head), { objectMode: false });
    pipeline(plain, zipped, (error) => {
      void rm(work, { recursive: true, force: true });
      const ms = Math.round(deps.clock.monotonic() - begun);
      if (error) deps.log.warn("backup.failed", { by, commit, ms, error: messageOf(error) });
      else deps.log.info("backup.made", { by, commit, ms, secrets });
    });
    return zipped;
  } catch (error) {
    await rm(work, { recursive: true, force: true });
    throw error;
  }
}

/** Takes away what a backup or a restore left that was killed. Nobody else may be making one. */
export async function sweepWork(stateDir: string): Promise<void> {
  for (const name of await readdir(stateDir))
    if (WORK.test(name)) await rm(join(stateDir, name), { recursive: true, force: true });
}

interface Sources {
  readonly copy: string;
  readonly config: ConfigCopy | null;
  readonly sessions: readonly KnownSession[];
  readonly secrets: boolean;
}

async function* itemsOf(
  deps: BackupDeps,
  { copy, config, sessions, secrets }: Sources,
): AsyncGenerator<PackItem> {
  yield { name: PLACES.store, path: copy };
  if (config !== null) yield { name: `${PLACES.config}${basename(config.path)}`, text: config.text };
  const token = secrets ? deps.token() : null;
  if (token !== null) yield { name: PLACES.token, text: token };
  // After the copy: what its messages name was there before they were accepted.
  yield* attachments(deps);
  yield* records(deps, sessions);
}

async function* attachments({ files }: BackupDeps): AsyncGenerator<PackItem> {
  for await (const { folder } of files.all())
    for (const { name, path } of await files.contents(folder))
      yield { name: `${PLACES.attachments}${folder}/${name}`, path };
}

async function* records(deps: BackupDeps, sessions: readonly KnownSession[]): AsyncGenerator<PackItem> {
  let n = 0;
  for (const session of sessions) {
    const path = await recordOf(deps, session);
    if (path === null) continue;
    n += 1;
    const record: Omit<ArchivedRecord, "name"> = { ...session, path };
    yield { name: `${PLACES.records}${n}`, path, record };
  }
}

/** A record that can't be found is a session that begins afresh: no reason to have no backup. */
async function recordOf({ record, log }: BackupDeps, session: KnownSession): Promise<string | null> {
  try {
    return await record(session);
  } catch (error) {
    log.warn("backup.record_missing", { harness: session.harness, error: messageOf(error) });
    return null;
  }
}
