import { RollcallError } from "../core/errors.ts";
import { systemClock } from "../platform/clock.ts";
import { systemRandom } from "../platform/random.ts";
import type { Store } from "../ports/store.ts";
import { openStore } from "../store/sqlite/open.ts";
import type { Platform } from "./platform.ts";
import type { SettledConfig } from "./settle-config.ts";
import { ownToken } from "./state-dir.ts";
import { version } from "./version.ts";

export interface OpenedStore {
  readonly store: Store;
  /** The gateway's own API token. */
  readonly token: string;
  /** Names this state directory, for the page's cookie. */
  readonly instance: string;
}

const INSTANCE_NOTE = "gateway.instance";
const CONFIG_NOTE = "gateway.config";

/** Opens the store under its lock, with the names and secrets that live beside it. */
export async function openStateStore(platform: Platform, settled: SettledConfig): Promise<OpenedStore> {
  const store = await openStore({ dir: platform.stateDir, clock: systemClock, version });
  const { token: ref } = settled.config.gateway.auth;
  const token =
    ref === undefined
      ? ownToken(platform.stateDir, systemRandom)
      : await platform.secrets.resolve(ref, "gateway.auth.token");
  platform.secrets.guard(token);
  const instance = (await store.note(INSTANCE_NOTE)) ?? systemRandom.secret(6);
  await store.setNote(INSTANCE_NOTE, instance);
  return { store, token, instance };
}

/**
 * A state directory that ran with a configuration doesn't come up as a demo when the file is gone: the people who
 * write to it would get answers from nobody.
 *
 * @throws RollcallError `config-lost`
 */
export async function refuseLostConfig(store: Store, settled: SettledConfig, trying: boolean): Promise<void> {
  const last = await store.note(CONFIG_NOTE);
  if (settled.path !== null) {
    if (last !== settled.path) await store.setNote(CONFIG_NOTE, settled.path);
    return;
  }
  if (trying && last !== null) throw new RollcallError("config-lost", { detail: last });
}
