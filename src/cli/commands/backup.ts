import { createWriteStream } from "node:fs";
import { open, rename, rm } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import process from "node:process";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { codeOf, EXIT, messageOf, RollcallError } from "../../core/errors.ts";
import { visibleText } from "../../core/visible-text.ts";
import { openArchive, readBackup, type Manifest } from "../../gateway/command-archive.ts";
import { findGateway } from "../connect.ts";
import { onlyArg, type Invocation, type Run } from "../invocation.ts";
import { printJson } from "../print.ts";
import { sizeText } from "../size-text.ts";

export const run: Run = async (invocation) => {
  const { terminal } = invocation;
  const file = resolve(terminal.cwd, onlyArg(invocation));
  const manifest = await withBytes(invocation, (bytes) => write(file, bytes));
  const bytes = manifest.files.reduce((sum, one) => sum + one.bytes, 0);
  const { commit, leftOut, records } = manifest;
  if (invocation.flag("json")) {
    printJson(terminal, {
      file,
      commit,
      bytes,
      files: manifest.files.length,
      leftOut,
      records: records.length,
    });
    return EXIT.ok;
  }
  const what = `${manifest.files.length} files, ${sizeText(bytes)}, commit ${commit}`;
  terminal.out(`${visibleText(file)}: ${what}\n`);
  if (leftOut.length > 0)
    terminal.err(
      `rollcall: without the secrets of ${leftOut.map(visibleText).join(", ")} (--secrets takes them along)\n`,
    );
  return EXIT.ok;
};

/** The backup's bytes: from the running gateway, or made of the store under its lock. */
async function withBytes(
  invocation: Invocation,
  use: (bytes: Readable) => Promise<Manifest>,
): Promise<Manifest> {
  const request = { secrets: invocation.flag("secrets") };
  const place = findGateway(invocation);
  if (place.kind === "gateway") return use(await place.client.download("/api/v1/backup", request));
  const { env, cwd } = invocation.terminal;
  const around = { config: invocation.text("config"), env, cwd };
  const archive = await openArchive(place.stateDir, around);
  try {
    return await use(await archive.backup(request, "command line", new AbortController().signal));
  } finally {
    await archive.close();
  }
}

/** Under another name until it is whole, proven and on the disk. @throws RollcallError `backup-failed` */
async function write(file: string, bytes: Readable): Promise<Manifest> {
  const part = `${file}.part-${process.pid}`;
  try {
    await pipeline(bytes, createWriteStream(part, { flags: "wx", mode: 0o600, flush: true }));
    const manifest = await readBackup(part);
    await rename(part, file);
    await syncFolder(dirname(file));
    return manifest;
  } catch (error) {
    await rm(part, { force: true });
    if (error instanceof RollcallError) throw error;
    const full = codeOf(error) === "ENOSPC" || codeOf(error) === "EDQUOT";
    throw new RollcallError(full ? "store-full" : "backup-failed", {
      detail: messageOf(error),
      ...(full && { fix: "Free some space, or write the backup to another disk." }),
      cause: error,
    });
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
