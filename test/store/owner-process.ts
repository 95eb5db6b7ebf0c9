// A process of its own that owns a store. It says each step on stdout, as soon as it is durable and not before.
// node owner-process.ts DIR hold      opens, and stays
// node owner-process.ts DIR accept    opens, and accepts without end
import { writeSync } from "node:fs";
import process from "node:process";
import { systemClock } from "../../src/platform/clock.ts";
import { openStore } from "../../src/store/sqlite/open.ts";
import { BATCH, decided, newEntry } from "../contracts/store-samples.ts";

const [dir = "", what] = process.argv.slice(2);
const say = (line: string): void => void writeSync(1, `${line}\n`);

const store = await openStore({ dir, clock: systemClock, version: "test" });
say(`open ${store.epoch}`);
if (what === "hold") setInterval(() => {}, 1000);
else {
  const cursor = { ...BATCH, identity: "bot" };
  const lane = async (name: string): Promise<void> => {
    for (let n = 0; ; n++) {
      const id = `${name}${store.epoch}x${n}`;
      await store.accept({ ...BATCH, items: [decided(newEntry(id), 1e9)], cursor: { ...cursor, value: id } });
      say(id);
    }
  };
  await Promise.all(["a", "b", "c"].map(lane));
}
