import { existsSync } from "node:fs";
import { join } from "node:path";
import { RollcallError } from "../core/errors.ts";
import { systemClock } from "../platform/clock.ts";
import type { Store } from "../ports/store.ts";
import { openStore, STORE_FILE } from "../store/sqlite/open.ts";
import { version } from "./version.ts";

/**
 * The store of a gateway that isn't running, under its lock, for the commands that work on it.
 *
 * @throws RollcallError `gateway-unreachable` when there is no store, `store-held` when a gateway runs after all
 */
export async function openOffline(
  stateDir: string,
): Promise<{ readonly store: Store; close(): Promise<void> }> {
  if (!existsSync(join(stateDir, STORE_FILE)))
    throw new RollcallError("gateway-unreachable", { detail: "there is no store in the state directory" });
  const store = await openStore({ dir: stateDir, clock: systemClock, version });
  return { store, close: () => store.close() };
}
