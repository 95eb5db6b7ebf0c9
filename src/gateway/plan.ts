import { RollcallError } from "../core/errors.ts";
import type { Config } from "../core/config.ts";
import type { AlertRoutePlan } from "../ports/alert-route.ts";
import type { ChannelAccount, ChannelKind } from "../ports/channel.ts";
import type { HarnessKind, HarnessPlan } from "../ports/harness.ts";
import type { Secrets } from "../ports/secrets.ts";
import { declaredHarnesses, type Unregistered } from "../registry/build.ts";
import type { Kinds } from "../registry/draft.ts";
import { planAlertRoutes } from "./alert-routes.ts";
import { HARNESS_KINDS } from "./catalog.ts";
import { sectionOf } from "./section-of.ts";

export interface PlanInput {
  readonly config: Config;
  /** Folder that relative paths of the configuration start from. */
  readonly baseDir: string;
  readonly secrets: Secrets;
  /** What declared names mean: sealed. */
  readonly kinds: Kinds;
}

/** Everything that is declared, resolved to code and checked, with nothing opened yet. */
export interface Plans {
  readonly harnesses: ReadonlyMap<string, HarnessPlan>;
  readonly channels: readonly ChannelAccount[];
  readonly alertRoutes: readonly AlertRoutePlan[];
  readonly unregistered: readonly Unregistered[];
}

/**
 * Resolves every declared harness and channel to its kind, loads its code, and checks its section of the
 * configuration with the kind's own schema.
 *
 * @throws RollcallError `config-invalid`, `secret-unresolved`, `channel-unregistered`
 */
export async function planAll(input: PlanInput): Promise<Plans> {
  const { kinds } = input;
  const unregistered: Unregistered[] = [];
  const harnesses = new Map<string, HarnessPlan>();
  for (const declared of declaredHarnesses(input.config)) {
    const load = kinds.harness(declared.kind);
    if (load === undefined) {
      unregistered.push({ harness: declared.id, kind: declared.kind, agents: declared.agents });
      continue;
    }
    const kind: HarnessKind = await load();
    harnesses.set(
      declared.id,
      await kind.plan(
        await sectionOf(input, kind, declared.id, declared.options, `harnesses.${declared.id}`),
      ),
    );
  }
  const channels = await planChannels(input, kinds);
  return { harnesses, channels, alertRoutes: await planAlertRoutes({ ...input, kinds }), unregistered };
}

async function planChannels(input: PlanInput, kinds: Kinds): Promise<readonly ChannelAccount[]> {
  const accounts: ChannelAccount[] = [];
  for (const [id, channel] of Object.entries(input.config.channels)) {
    if (!channel.enabled) continue;
    const load = kinds.channel(id);
    if (load === undefined)
      throw new RollcallError("channel-unregistered", { detail: `channels.${id}`, at: `channels.${id}` });
    const kind: ChannelKind = await load();
    const implicit = kind.implicitAccount === undefined ? {} : { [kind.implicitAccount]: {} };
    for (const [account, options] of Object.entries({ ...implicit, ...channel.accounts })) {
      accounts.push(
        await kind.plan(await sectionOf(input, kind, account, options, `channels.${id}.accounts.${account}`)),
      );
    }
  }
  return accounts;
}

/** Plans a built-in harness with its own defaults. It takes no secrets. */
export async function planOne(kind: string, baseDir: string): Promise<HarnessPlan> {
  const load = HARNESS_KINDS[kind];
  if (load === undefined) throw new RollcallError("harness-unregistered", { detail: kind });
  const harness: HarnessKind = await load();
  const noSecrets = {
    resolve: (_ref: unknown, at: string) => Promise.reject(new RollcallError("secret-unresolved", { at })),
  };
  return harness.plan(
    await sectionOf({ baseDir, secrets: noSecrets }, harness, kind, {}, `harnesses.${kind}`),
  );
}
