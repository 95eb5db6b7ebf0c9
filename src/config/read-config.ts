import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { codeOf, messageOf, RollcallError } from "../core/errors.ts";
import { CONFIG_LIMITS } from "./limits.ts";

/**
 * Reads the configuration's text.
 *
 * @throws RollcallError `config-missing`; `config-unreadable` for a directory, a device, a file beyond the limit, or
 *   what the system refuses; `config-syntax` when it is not UTF-8
 */
export async function readConfig(path: string): Promise<string> {
  // Not blocking: opening a pipe that nobody writes to must not wait for ever.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch((error: unknown) => {
    throw unreadable(path, error);
  });
  try {
    const stat = await file.stat();
    if (stat.isDirectory()) throw cannotRead(path, "it is a directory");
    if (!stat.isFile()) throw cannotRead(path, "it is not a file");
    if (stat.size > CONFIG_LIMITS.fileBytes)
      throw cannotRead(path, `it is larger than ${CONFIG_LIMITS.fileBytes} bytes`);
    const buffer = Buffer.alloc(CONFIG_LIMITS.fileBytes + 1);
    const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
    if (bytesRead > CONFIG_LIMITS.fileBytes)
      throw cannotRead(path, `it is larger than ${CONFIG_LIMITS.fileBytes} bytes`);
    return decode(path, buffer.subarray(0, bytesRead));
  } catch (error) {
    throw error instanceof RollcallError ? error : unreadable(path, error);
  } finally {
    await file.close();
  }
}

function decode(path: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw new RollcallError("config-syntax", { detail: `${path} is not UTF-8`, cause: error });
  }
}

function unreadable(path: string, error: unknown): RollcallError {
  const code = codeOf(error);
  if (code === "ENOENT" || code === "ENOTDIR")
    return new RollcallError("config-missing", { detail: path, cause: error });
  return new RollcallError("config-unreadable", {
    detail: `${path} (${code ?? messageOf(error)})`,
    cause: error,
  });
}

function cannotRead(path: string, why: string): RollcallError {
  return new RollcallError("config-unreadable", { detail: `${path}: ${why}` });
}
