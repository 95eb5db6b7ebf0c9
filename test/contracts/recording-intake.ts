import type { Accepted, Inbound, InboundBatch, InboundMessage, Intake } from "../../src/ports/intake.ts";
import type { IntakeClosed } from "../../src/ports/pressure.ts";

/** An intake that keeps what it is given, and does what the test wants of it. */
export interface RecordingIntake extends Intake {
  /** Batches that were accepted. */
  readonly batches: readonly InboundBatch[];
  /** Batches that were offered, also those that were rejected. */
  readonly offered: readonly InboundBatch[];
  readonly items: readonly Inbound[];
  readonly messages: readonly InboundMessage[];
  /** From now on every batch is rejected with this; null accepts again. */
  refuse(error: Error | null): void;
  /** From now on nothing is taken, and channels know it; null takes again. */
  close(why: IntakeClosed | null): void;
  /** Batches wait until the returned function is called. */
  hold(): () => void;
}

export function createRecordingIntake(): RecordingIntake {
  const offered: InboundBatch[] = [];
  const batches: InboundBatch[] = [];
  let refusal: Error | null = null;
  let shut: IntakeClosed | null = null;
  let gate: Promise<void> = Promise.resolve();
  const items = (): readonly Inbound[] => batches.flatMap((batch) => batch.items);
  return {
    async accept(batch) {
      offered.push(batch);
      await gate;
      if (refusal !== null) throw refusal;
      batches.push(batch);
      return batch.items.map((): Accepted => ({ outcome: "ignored" }));
    },
    batches,
    offered,
    get items() {
      return items();
    },
    get messages() {
      return items().filter((item) => item.kind === "message");
    },
    closed: () => shut,
    close: (why) => void (shut = why),
    refuse: (error) => void (refusal = error),
    hold() {
      const { promise, resolve } = Promise.withResolvers<void>();
      gate = promise;
      return resolve;
    },
  };
}
