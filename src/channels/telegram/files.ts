import { createWriteStream } from "node:fs";
import { rm } from "node:fs/promises";
import path from "node:path";
import process from "node:process";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { messageOf, RollcallError } from "../../core/errors.ts";
import type { Attachment } from "../../core/message.ts";
import type { Bytes } from "../../core/size.ts";
import { MINUTE, SECOND } from "../../core/time.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Processes } from "../../ports/process.ts";
import { RequestFailed } from "../network.ts";
import { describeFault, type ApiFault, type TelegramApi } from "./api.ts";

const GET_FILE_DEADLINE = 20 * SECOND;
/** Longest silence of a download, from the request on. */
const DOWNLOAD_IDLE = 30 * SECOND;
const TRANSCRIBE_DEADLINE = 5 * MINUTE;
/** What a configured command gets of the gateway's environment: enough to run, none of its secrets. */
const COMMAND_ENV = [
  "PATH",
  "HOME",
  "LANG",
  "LC_ALL",
  "TZ",
  "TMPDIR",
  "USER",
  "XDG_CACHE_HOME",
  "XDG_CONFIG_HOME",
];

export interface FilesDeps {
  readonly api: TelegramApi;
  readonly clock: Clock;
  /** Largest file that is fetched. */
  readonly max: Bytes;
}

/**
 * Fetches a file that stays at Telegram into `target`, through the channel's own network. Nothing is left of a file
 * that didn't come whole.
 *
 * @throws RollcallError `attachment-refused` for ever, `channel-unreachable` for now
 */
export async function fetchFile(
  deps: FilesDeps,
  file: Attachment,
  target: string,
  signal: AbortSignal,
): Promise<void> {
  if (file.source.kind !== "platform") throw refused("the file isn't at the platform");
  if ((file.bytes ?? 0) > deps.max) throw refused(`${file.bytes} bytes, more than ${deps.max}`);
  const file_id = file.source.ref;
  const found = await deps.api.call(GET_FILE_DEADLINE, signal, (raw, s) => raw.getFile({ file_id }, s));
  if (!found.ok) throw fileFault(found.fault);
  const { file_path: filePath, file_size: size } = found.value;
  if (filePath === undefined || filePath.startsWith("/") || filePath.split("/").includes("..")) {
    throw refused("the platform names no path that can be fetched");
  }
  if ((size ?? 0) > deps.max) throw refused(`${size} bytes, more than ${deps.max}`);
  await download(deps, deps.api.fileUrl(filePath), target, signal);
}

function refused(detail: string): RollcallError {
  return new RollcallError("attachment-refused", { detail });
}

/** "file is too big", an id that is gone: Telegram answers these with 400. */
function fileFault(fault: ApiFault): RollcallError {
  const forEver = fault.kind === "answered" && fault.code === 400;
  return new RollcallError(forEver ? "attachment-refused" : "channel-unreachable", {
    detail: describeFault(fault),
  });
}

async function download(deps: FilesDeps, url: URL, target: string, signal: AbortSignal): Promise<void> {
  const limit = new AbortController();
  let cancel = (): void => undefined;
  const heard = (): void => {
    cancel();
    cancel = deps.clock.timer(DOWNLOAD_IDLE, () => limit.abort());
  };
  heard();
  const both = AbortSignal.any([signal, limit.signal]);
  try {
    const answer = await deps.api.network.request(url, { method: "GET", signal: both });
    if (answer.statusCode !== 200) {
      answer.destroy();
      const gone = answer.statusCode === 404 || answer.statusCode === 400;
      throw new RollcallError(gone ? "attachment-refused" : "channel-unreachable", {
        detail: `status ${answer.statusCode}`,
      });
    }
    const file = createWriteStream(target, { mode: 0o600 });
    await pipeline(answer, atMost(deps.max, heard), file, { signal: both });
  } catch (error) {
    await rm(target, { force: true });
    if (error instanceof RollcallError) throw error;
    const detail = error instanceof RequestFailed ? error.message : messageOf(error);
    throw new RollcallError("channel-unreachable", { detail, cause: error });
  } finally {
    cancel();
  }
}

function atMost(max: Bytes, heard: () => void): Transform {
  let size = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      heard();
      size += chunk.length;
      if (size > max) done(refused(`more than ${max} bytes`));
      else done(null, chunk);
    },
  });
}

/**
 * Runs the configured command with a voice note's path as its last argument; what it writes is the text. Null when it
 * fails or says nothing: the note itself is still passed on.
 */
export async function transcribeFile(
  processes: Processes,
  command: readonly [string, ...string[]],
  file: string,
): Promise<string | null> {
  const [program, ...args] = command;
  const env = Object.fromEntries(
    COMMAND_ENV.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value] as const];
    }),
  );
  const spec = { command: program, args: [...args, file], cwd: path.dirname(file), env };
  const result = await processes.run(spec, TRANSCRIBE_DEADLINE);
  if (result.code !== 0 || result.timedOut) return null;
  return result.stdout.trim() === "" ? null : result.stdout.trim();
}
