// Who talks to the gateway beside the platform: callers of its API, who repeat themselves until they are told, and an
// operator, who answers for people whom it asked.
import { RollcallError } from "../../src/core/errors.ts";
import type { MessageId } from "../../src/core/ids.ts";
import type { Update } from "./platform.ts";
import type { Run } from "./run-state.ts";
import { inboundOf, KIND } from "./sim-channel.ts";

const PATIENCE = 3000;

/** Sends a message until a life of the gateway says that it has it. The same key is the same message. */
export function call(run: Run, message: Omit<Update, "id">): void {
  const { life, world } = run;
  let over = false;
  const again = (after: number): void => {
    if (over) return;
    over = true;
    world.after(after, null, () => call(run, message));
  };
  if (life === null || !life.owner.alive || life.owner.suspended) return again(400);
  world.after(PATIENCE, null, () => again(0));
  const batch = { channel: KIND, account: "default", items: [inboundOf(message, world.time)] };
  life.pipeline.intake.accept(batch).then(
    () => {
      if (!over) run.witness.accepted(message.key);
      over = true;
      return over;
    },
    () => again(400),
  );
}

/** The messages and answers that wait for a word get it. */
export async function answerQuestions({ life, memory, witness, platform, world }: Run): Promise<void> {
  if (life === null || !life.owner.alive || life.owner.suspended) return;
  const waiting = memory.db.all<{ address: string }>(
    "SELECT DISTINCT address FROM deliveries WHERE state = 'held'",
  );
  for (const { address } of waiting) {
    const chat = address.slice(address.lastIndexOf("/") + 1);
    platform.post({ key: `show-${chat}-${world.time}`, chat, text: "/show answers", album: null });
  }
  const held = memory.db.all<{ id: MessageId; hold: string }>(
    "SELECT id, hold FROM entries WHERE state = 'held'",
  );
  for (const { id, hold } of held) {
    if (!hold.includes("hold-stale") && !hold.includes("turn-interrupted")) continue;
    try {
      await life.pipeline.operate.retry(id);
    } catch (error) {
      if (!(error instanceof RollcallError)) witness.fail("bug", String(error));
    }
  }
}
