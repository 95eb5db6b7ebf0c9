import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Store } from "../../src/ports/store.ts";
import { createMemoryDisk, openMemoryStore, openStore } from "../../src/store/sqlite/open.ts";
import { storeSuite } from "../contracts/store-suite.ts";
import { createFakeClock } from "../fakes/clock.ts";

storeSuite("sqlite in memory", async () => {
  const disk = createMemoryDisk();
  const clock = createFakeClock();
  return {
    store: await openMemoryStore(clock, disk),
    reopen: () => openMemoryStore(clock, disk),
    close: async () => disk.close(),
  };
});

storeSuite("sqlite on disk", async () => {
  const dir = mkdtempSync(join(tmpdir(), "rollcall-store-"));
  const open = (): Promise<Store> => openStore({ dir, clock: createFakeClock(), version: "test" });
  let store = await open();
  return {
    store,
    async reopen() {
      await store.close();
      store = await open();
      return store;
    },
    async close() {
      await store.close();
      rmSync(dir, { recursive: true });
    },
  };
});
