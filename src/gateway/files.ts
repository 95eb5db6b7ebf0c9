import { existsSync } from "node:fs";
import type { Entry } from "../core/entry.ts";
import { messageOf, RollcallError } from "../core/errors.ts";
import type { Attachment } from "../core/message.ts";
import { SECOND } from "../core/time.ts";
import type { Blobs } from "../ports/blobs.ts";
import type { Channel } from "../ports/channel.ts";
import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import type { FetchedFile } from "../sessions/envelope.ts";

export interface FileDeps {
  readonly blobs: Blobs;
  readonly clock: Clock;
  readonly log: Log;
  readonly channel: (entry: Entry) => Channel | undefined;
}

const TRIES = 3;

/** Brings a message's attachments into the state directory, voice notes with their text where that is configured. */
export function createFileFetcher(
  deps: FileDeps,
): (entry: Entry, signal: AbortSignal) => Promise<readonly FetchedFile[]> {
  return (entry, signal) =>
    Promise.all(entry.body.attachments.map((attachment) => fetchOne(deps, entry, attachment, signal)));
}

/** The files of a message as they are known without asking its platform for anything. */
export function knownFiles(blobs: Pick<Blobs, "path">, entry: Entry): readonly FetchedFile[] {
  return entry.body.attachments.map(({ kind, name, mime, source }) => {
    const file = { kind, name, mime };
    if (source.kind === "blob") return { ...file, ...keptFile(blobs, source.key) };
    return { ...file, path: null, problem: "it is fetched when the turn runs" };
  });
}

/** Where a file of ours is, or that it was cleared away. */
function keptFile(blobs: Pick<Blobs, "path">, key: string): Pick<FetchedFile, "path" | "problem"> {
  const path = blobs.path(key);
  return existsSync(path) ? { path } : { path: null, problem: "it is no longer kept" };
}

async function fetchOne(
  deps: FileDeps,
  entry: Entry,
  attachment: Attachment,
  signal: AbortSignal,
): Promise<FetchedFile> {
  const { kind, name, mime, source } = attachment;
  if (source.kind === "blob") return { kind, name, mime, ...keptFile(deps.blobs, source.key) };
  const channel = deps.channel(entry);
  if (channel?.fetch === undefined)
    return { kind, name, mime, path: null, problem: "its channel is not there" };
  const { path } = await deps.blobs.reserve(name);
  for (let attempt = 1; ; attempt++) {
    try {
      await channel.fetch(attachment, path, signal);
      const transcript = kind === "voice" ? await transcribe(deps, channel, path, signal) : null;
      return { kind, name, mime, path, ...(transcript !== null && { transcript }) };
    } catch (error) {
      const final = error instanceof RollcallError && error.code === "attachment-refused";
      deps.log.warn("attachment.failed", { id: entry.id, attempt, error: messageOf(error) });
      if (final) return { kind, name, mime, path: null, problem: "it is too large" };
      if (attempt >= TRIES || signal.aborted)
        return { kind, name, mime, path: null, problem: "it could not be fetched" };
      await deps.clock.sleep(attempt * SECOND, signal);
    }
  }
}

async function transcribe(
  deps: FileDeps,
  channel: Channel,
  path: string,
  signal: AbortSignal,
): Promise<string | null> {
  try {
    return (await channel.transcribe?.(path, signal)) ?? null;
  } catch (error) {
    deps.log.warn("transcribe.failed", { error: messageOf(error) });
    return null;
  }
}
