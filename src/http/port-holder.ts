import { readdir, readFile, readlink } from "node:fs/promises";
import { codeOf } from "../core/errors.ts";

const LISTENING = "0A";

/**
 * Finds the process that listens on a port, by the kernel's tables: Linux only, and only processes that we may look
 * into. Undefined when it can't be found. Never rejects for want of permission.
 */
export async function findPortHolder(port: number): Promise<number | undefined> {
  const inodes = new Set<string>();
  for (const table of ["/proc/net/tcp", "/proc/net/tcp6"]) {
    for (const inode of listeningInodes(await tolerate(readFile(table, "utf8"), ""), port)) inodes.add(inode);
  }
  if (inodes.size === 0) return undefined;
  for (const pid of await tolerate(readdir("/proc"), [])) {
    if (/^\d+$/.test(pid) && (await holds(pid, inodes))) return Number(pid);
  }
  return undefined;
}

/** Inodes of the sockets that listen on a port, from the text of `/proc/net/tcp` (proc(5)). Pure. */
export function listeningInodes(table: string, port: number): readonly string[] {
  const wanted = port.toString(16).toUpperCase().padStart(4, "0");
  return table
    .split("\n")
    .slice(1)
    .flatMap((line) => {
      const [, local = "", , state, , , , , , inode = ""] = line.trim().split(/\s+/);
      return state === LISTENING && local.endsWith(`:${wanted}`) ? [inode] : [];
    });
}

async function holds(pid: string, inodes: ReadonlySet<string>): Promise<boolean> {
  for (const fd of await tolerate(readdir(`/proc/${pid}/fd`), [])) {
    const target = await tolerate(readlink(`/proc/${pid}/fd/${fd}`), "");
    const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1];
    if (inode !== undefined && inodes.has(inode)) return true;
  }
  return false;
}

/** Processes end while we look, and others aren't ours to look into. */
async function tolerate<T>(read: Promise<T>, otherwise: T): Promise<T> {
  try {
    return await read;
  } catch (error) {
    if (["ENOENT", "EACCES", "EPERM", "ESRCH", "EINVAL", "ENOTDIR"].includes(codeOf(error) ?? ""))
      return otherwise;
    throw error;
  }
}
