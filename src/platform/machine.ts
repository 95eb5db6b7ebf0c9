import { readFile, readdir, statfs } from "node:fs/promises";
import type { Machine } from "../ports/pressure.ts";

/** This machine, as far as it tells: space everywhere, descriptors on Linux. Never rejects. */
export function createMachine(dir: string): Machine {
  return {
    async space() {
      try {
        const { bavail, blocks, bsize } = await statfs(dir);
        return { free: bavail * bsize, total: blocks * bsize };
      } catch {
        // A file system that doesn't tell what is free is not taken for a full one: its writes will show.
        return null;
      }
    },
    async descriptors() {
      try {
        const [open, limits] = await Promise.all([
          readdir("/proc/self/fd"),
          readFile("/proc/self/limits", "utf8"),
        ]);
        const limit = /^Max open files\s+(\d+)/m.exec(limits)?.[1];
        return limit === undefined ? null : { open: open.length, limit: Number(limit) };
      } catch {
        // Not Linux; or not even this could be opened, which other parts notice.
        return null;
      }
    },
  };
}
