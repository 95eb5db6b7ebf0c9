// Gateways that follow one another on the same disk, each with what the last one left running.
import assert from "node:assert/strict";
import type { AgentConfig } from "../../src/core/config.ts";
import { SECOND } from "../../src/core/time.ts";
import type { Custody } from "../../src/core/turn.ts";
import type { Transcript } from "../../src/ports/harness.ts";
import type { Processes } from "../../src/ports/process.ts";
import type { StoredMessage } from "../../src/ports/store.ts";
import type { Recovery, RecoverySummary } from "../../src/sessions/recover.ts";
import { createRig, type Rig } from "../fakes/core-rig.ts";
import { hang } from "../fakes/script-harness.ts";

export interface Next extends Rig {
  readonly recovery: Recovery;
  readonly reaped: Custody[];
  /** How many processes can't be ended. */
  survivors: number;
  /** Reaps and decides, and lets the lanes begin. */
  recover(): Promise<RecoverySummary>;
}

/** The next gateway on the same disk. */
export async function next(before: Rig, agent: Partial<AgentConfig> = {}): Promise<Next> {
  const rig = await createRig({ agents: [agent], disk: before.disk, clock: before.clock });
  const reaped: Custody[] = [];
  const after: Next = Object.assign(rig, {
    reaped,
    survivors: 0,
    recovery: rig.pipeline.recovery({
      reap: async (custody: Custody) => {
        reaped.push(custody);
        return { survivors: after.survivors };
      },
    } as unknown as Processes),
    async recover() {
      await after.recovery.reap(SECOND);
      const decided = after.recovery.begin();
      await rig.pipeline.outbox.recover();
      await rig.pipeline.resume();
      await rig.run(10 * SECOND);
      return decided;
    },
  });
  return after;
}

/** A gateway that is gone in mid-turn, and the next one. */
export async function crashed(
  agent: Partial<AgentConfig> = {},
  told?: Transcript,
): Promise<{ before: Rig; after: Next }> {
  const before = await createRig({ agents: [agent] });
  before.harness("echo").script = hang;
  await before.say("deploy it");
  await before.run();
  const after = await next(before, agent);
  if (told !== undefined) tells(after, told);
  return { before, after };
}

/** What the harness's own record says, and which questions it got. */
export function tells(rig: Rig, told: Transcript | Error): readonly string[] {
  const asked: string[] = [];
  Object.assign(rig.harness("echo"), {
    async transcript(native: string, _workspace: string, marker: string) {
      asked.push(`${native} ${marker}`);
      if (told instanceof Error) throw told;
      return told;
    },
  });
  return asked;
}

/** A summary with nothing in it but what is given. */
export const summary = (given: Partial<RecoverySummary>): RecoverySummary => ({
  turns: 1,
  survivors: 0,
  adopted: 0,
  resumed: 0,
  rerun: 0,
  asked: 0,
  dead: 0,
  lost: 0,
  ...given,
});

export const ANSWERED: Transcript = {
  kind: "answered",
  text: "deployed",
  files: [],
  usage: { inputTokens: 1, outputTokens: 2 },
};

/** The only message there is, with its life. */
export async function only(rig: Rig): Promise<StoredMessage> {
  const [message = assert.fail("no message")] = await rig.store.messages({ limit: 5 });
  return (await rig.store.message(message.entry.id)) ?? assert.fail();
}
export const prompts = (rig: Rig): readonly string[] => rig.harness("echo").prompts.map(({ text }) => text);
