import { closeSync, fstatSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import type { Duration } from "../core/time.ts";

export interface LogFileOptions {
  /** Absolute; its folder is made when it isn't there. */
  readonly path: string;
  /** Size from which a file is put aside, in bytes. */
  readonly maxBytes: number;
  /** How many files there are, the current one among them. */
  readonly files: number;
  /** After a failure the file is left alone for this long. */
  readonly retryAfter: Duration;
  /** Milliseconds that only grow. */
  readonly monotonic: () => Duration;
}

/** A file that lines are appended to, and that never grows beyond bounds. */
export interface LogFile {
  /** Appends one line, line end included. Never throws: a log that can't be written stops nothing. */
  write(line: string): void;
  /** What the system said to the last write, null when it went well. */
  fault(): unknown;
  close(): void;
}

/** Opens at the first line. `x.jsonl` is the current file, `x.jsonl.1` the one before, and so on. Mode 0600. */
export function createLogFile(options: LogFileOptions): LogFile {
  let open: { readonly fd: number; bytes: number } | undefined;
  let fault: unknown = null;
  let closedUntil = -Infinity;

  const close = (): void => {
    if (open !== undefined) closeSync(open.fd);
    open = undefined;
  };
  const append = (line: string): void => {
    open ??= openFile(options.path);
    const bytes = Buffer.from(line);
    if (open.bytes > 0 && open.bytes + bytes.length > options.maxBytes) {
      close();
      rotate(options);
      open = openFile(options.path);
    }
    writeAll(open.fd, bytes);
    open.bytes += bytes.length;
  };

  return {
    write(line) {
      if (options.monotonic() < closedUntil) return;
      try {
        append(line);
        fault = null;
      } catch (error) {
        fault = error;
        closedUntil = options.monotonic() + options.retryAfter;
        const { fd } = open ?? {};
        open = undefined;
        if (fd !== undefined) quietly(() => closeSync(fd));
      }
    },
    fault: () => fault,
    close: () => quietly(close),
  };
}

function openFile(path: string): { readonly fd: number; bytes: number } {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const fd = openSync(path, "a", 0o600);
  return { fd, bytes: fstatSync(fd).size };
}

function rotate({ path, files }: LogFileOptions): void {
  const name = (number: number): string => (number === 0 ? path : `${path}.${number}`);
  rmSync(name(files - 1), { force: true });
  for (let number = files - 2; number >= 0; number--) renameIfThere(name(number), name(number + 1));
}

function renameIfThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
  }
}

/** A disk that is nearly full takes a part of what it is given. */
function writeAll(fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at);
}

/** Closing what can't be closed loses nothing that was written. */
function quietly(run: () => void): boolean {
  try {
    run();
    return true;
  } catch {
    return false;
  }
}
