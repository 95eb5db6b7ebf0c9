// The places at which the real program can be made to kill itself: before and after every step that a message takes over
// a port. Named `PART.STEP:before|after`, or by what has just been seen.

/** One-transaction writes of the store. */
export const STORE_STEPS = [
  "accept",
  "claim",
  "prompted",
  "nextAttempt",
  "answer",
  "endTurn",
  "move",
  "addDelivery",
  "sending",
  "settle",
] as const;

/** Phases of a start. Before the first is before the process; before any other is after the last. */
export const BOOT_PHASES = [
  "config",
  "store",
  "plugins",
  "seal",
  "reap",
  "listen",
  "channels",
  "probe",
] as const;

/** Steps with a point before and one after. */
const STEPS = [
  "store.open",
  ...STORE_STEPS.map((step) => `store.${step}` as const),
  /** Between a commit and the mark outside of the database, and between the mark and everything that follows. */
  "commit.mark",
  "intake.accept",
  "registry.publish",
  "recover.reap",
  "recover.turns",
  "recover.outbox",
  "process.spawn",
  "process.reap",
  "harness.open",
  "harness.transcript",
  "channel.send",
  "channel.edit",
] as const;

export type Step = (typeof STEPS)[number];

/** Every point, in no order of time. */
export const POINTS = [
  ...STEPS.flatMap((step) => [`${step}:before`, `${step}:after`] as const),
  ...BOOT_PHASES.map((phase) => `boot.${phase}:after` as const),
  "harness.prompt:before",
  "harness.event:first",
  "harness.event:final",
  /** The request of a send: begun; all of its bytes given to the system; the head of its answer read. */
  "wire.send:begun",
  "wire.send:gone",
  "wire.send:answered",
  "wire.poll:gone",
] as const;

export type Point = (typeof POINTS)[number];

/** Where to end, e.g. `store.answer:after:3`: at the third passing. */
export interface Failpoint {
  readonly point: Point;
  readonly times: number;
}

/** For the environment of a program that is started under the failpoints. */
export const FAILPOINT = "ROLLCALL_FAILPOINT";
/** Names a file into which each point is written when it is first passed. */
export const PASSED = "ROLLCALL_FAILPOINTS_PASSED";

export function formatFailpoint({ point, times }: Failpoint): string {
  return `${point}:${times}`;
}

/** Undefined for what is no failpoint. */
export function parseFailpoint(text: string): Failpoint | undefined {
  const [, name = "", times = "1"] = /^([\w.]+:\w+)(?::(\d+))?$/.exec(text) ?? [];
  const point = POINTS.find((one) => one === name);
  return point === undefined ? undefined : { point, times: Number(times) };
}
