// Reloads under the real stages, between scripted harnesses, on a clock that the test moves.
import assert from "node:assert/strict";
import type { AgentConfig, Config } from "../../src/core/config.ts";
import { createIds } from "../../src/core/ids.ts";
import { createHarnessResources } from "../../src/gateway/harness-resources.ts";
import { createReloadGate } from "../../src/gateway/reload-gate.ts";
import { countWaiting, dropWaiting } from "../../src/gateway/reload-removal.ts";
import { tryReload, type ReloadDeps, type ReloadResult } from "../../src/gateway/reload.ts";
import type { HarnessPlan } from "../../src/ports/harness.ts";
import { createRig, type Rig } from "./core-rig.ts";
import { keepEvents, keepLog } from "./quiet.ts";
import { sampleAgent, sampleBody, sampleConfig } from "./samples.ts";
import { createScriptHarness, type ScriptHarness } from "./script-harness.ts";

/** One instance of a harness, with what a reload does to it. */
export interface Instance extends ScriptHarness {
  readonly key: string;
  closed: boolean;
  retired: boolean;
}

interface Next {
  readonly agents: readonly Partial<AgentConfig>[];
  /** Effective configurations, by harness id. */
  readonly harnesses: Readonly<Record<string, string>>;
  readonly drop?: readonly string[];
  readonly config?: Partial<Config>;
}

export interface ReloadStage {
  readonly rig: Rig;
  /** Every instance that was made by a reload, in order. */
  readonly made: Instance[];
  readonly reload: (next: Next) => Promise<ReloadResult>;
  readonly say: (text: string, more?: { agent?: string; conversation?: string }) => Promise<void>;
  readonly newest: (id: string) => Instance;
}

let keys = 0;

export async function reloadStage(
  agents: readonly Partial<AgentConfig>[] = [{}],
  making: (instance: Instance) => void = () => {},
): Promise<ReloadStage> {
  const rig = await createRig({ agents });
  const made: Instance[] = [];
  const harnesses = createHarnessResources(() => ({}) as never);
  harnesses.published(rig.generation);
  rig.roster.onRetired((generation) => harnesses.retired(generation));
  const gate = createReloadGate(rig.clock);
  const intake = gate.guard(rig.pipeline.intake);
  const planOf = ([id, effectiveConfig]: readonly [string, string]): [string, HarnessPlan] => {
    const create = (): Instance => {
      const instance: Instance = Object.assign(createScriptHarness(id), {
        key: effectiveConfig,
        closed: false,
        retired: false,
        retire: async () => void (instance.retired = true),
        close: async () => void (instance.closed = true),
      });
      making(instance);
      made.push(instance);
      return instance;
    };
    return [id, { id, kind: id, effectiveConfig, create }];
  };
  return {
    rig,
    made,
    newest: (id) => made.findLast((instance) => instance.id === id) ?? assert.fail(`no instance of ${id}`),
    reload(next) {
      const [first = sampleAgent(), ...rest] = next.agents.map(sampleAgent);
      const deps: ReloadDeps = {
        registry: rig.roster,
        harnesses,
        channels: { follow: async () => {} },
        availability: rig.availability,
        gate,
        clock: rig.clock,
        log: keepLog(rig.log),
        fixed: { host: false, port: false },
        propose: async () => ({
          config: sampleConfig({ ...next.config, agents: { list: [first, ...rest] } }),
          text: null,
          warnings: [],
          plans: {
            harnesses: new Map(Object.entries(next.harnesses).map(planOf)),
            channels: [...rig.generation.accounts.values()],
            alertRoutes: [],
            unregistered: [],
          },
        }),
        prepare: () => {},
        waiting: (gone) => countWaiting(rig.store, gone),
        drop: (gone) =>
          dropWaiting(
            {
              store: rig.store,
              outbox: rig.pipeline.outbox,
              events: keepEvents(rig.events),
              ids: createIds(
                () => rig.clock.now(),
                () => Math.random(),
              ),
              clock: rig.clock,
              log: keepLog(rig.log),
            },
            gone,
          ),
        swapped: () => {},
      };
      return tryReload(deps, "request", next.drop ?? []);
    },
    async say(text, { agent, conversation = "100" } = {}) {
      keys += 1;
      await intake.accept({
        channel: rig.channel.kind,
        account: "default",
        items: [
          {
            kind: "message",
            address: { channel: rig.channel.kind, account: "default", conversation },
            dedupeKey: `reload-${keys}`,
            sender: { id: "100", name: "Ada" },
            body: sampleBody({ text }),
            addressed: true,
            ...(agent !== undefined && { agent }),
          },
        ],
      });
    },
  };
}
