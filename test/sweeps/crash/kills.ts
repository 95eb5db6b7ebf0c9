// Which deaths a gateway dies: drawn from a seed, so that a run can be played again.
import { randomOf } from "../boot-scenario.ts";
import { STORE_STEPS, type Failpoint, type Point } from "../../failpoints/points.ts";

/** How one life of the gateway ends. */
export type Kill =
  /** It kills itself at a point of the message's way. */
  | ({ readonly how: "point" } & Failpoint)
  /** Killed by strace right before its n-th call of this kind. */
  | { readonly how: "write"; readonly call: "fsync" | "pwrite64"; readonly when: number }
  /** Killed so many milliseconds after people began to write. */
  | { readonly how: "time"; readonly after: number }
  /** Killed so many milliseconds after a turn began. */
  | { readonly how: "turn"; readonly after: number }
  /** SIGTERM, perhaps another, then killed, so many milliseconds apart. */
  | { readonly how: "stop"; readonly signals: 1 | 2; readonly apart: number }
  /** Killed when everything is answered. */
  | { readonly how: "idle" };

/** What people do in a life beside writing. */
export interface Life {
  readonly kill: Kill;
  /** Waits first until everything that was ever sent is answered: nothing is hit by three deaths in a row. */
  readonly drain: boolean;
  /** Messages that are certain to lead past the point. */
  readonly acts: readonly Act[];
  readonly reload: boolean;
}

/** What a message makes the harness do. */
export type Act = "plain" | "work" | "tool" | "shell" | "long" | "slow" | "fails" | "command";

/** What leads past points that a plain message doesn't. */
const LEADS: Partial<Record<string, { acts?: readonly Act[]; reload?: true; interrupted?: true }>> = {
  "store.nextAttempt": { acts: ["fails"] },
  "store.addDelivery": { acts: ["slow"] },
  "channel.edit": { acts: ["slow"] },
  "store.move": { acts: ["command"] },
  "store.endTurn": { interrupted: true },
  "process.reap": { interrupted: true },
  "harness.transcript": { interrupted: true },
  "registry.publish": { reload: true },
};

function leadsTo(point: Point): NonNullable<(typeof LEADS)[string]> {
  return LEADS[point.slice(0, point.indexOf(":"))] ?? {};
}

/** Whether a life needs longer to get there than an answer takes. */
export function isSlow({ acts }: Life): boolean {
  return acts.includes("slow");
}

/** Where something was sent and nobody knows it: what comes of that is most easily wrong. */
export const IN_DOUBT: readonly [Point, ...Point[]] = [
  "wire.send:answered",
  "channel.send:after",
  "store.settle:before",
  "wire.send:gone",
];

/** Points that are passed often: any of the first passings is chosen. */
const OFTEN: Readonly<Partial<Record<Point, number>>> = {
  "commit.mark:before": 40,
  "commit.mark:after": 40,
  "wire.poll:gone": 3,
  "wire.send:gone": 4,
  "wire.send:answered": 4,
  "wire.send:begun": 4,
  ...Object.fromEntries(
    STORE_STEPS.flatMap((step) => [`${step}:before`, `${step}:after`].map((at) => [at, 1])),
  ),
};

/**
 * So many deaths in a row on one state directory, the first in its very first start: one drawn from the points and the
 * writes, then one at some time after everything was answered, and so on.
 *
 * @param nextPoint gives the points in their turn
 * @param writes whether it can be killed at its writes
 */
export function livesOf(
  seed: number,
  deaths: number,
  nextPoint: () => Point,
  writes: boolean,
): readonly Life[] {
  const random = randomOf(seed);
  const lives: Life[] = [];
  while (lives.length < deaths) {
    const first = lives.length === 0;
    const write = writes && (first || random() < 0.22);
    const sudden = write ? suddenAtWrite(random, first) : suddenAt(random, nextPoint());
    const inTurn = sudden.kill.how === "point" && leadsTo(sudden.kill.point).interrupted === true;
    const calm = { kill: restless(random, inTurn), drain: true, acts: [], reload: random() < 0.1 };
    if (first) lives.push(sudden);
    else lives.push(calm, sudden);
    if (random() < 0.05) lives.push(idleOnce, inDoubt(random), inDoubt(random));
  }
  return lives.slice(0, deaths);
}

const idleOnce: Life = { kill: { how: "idle" }, drain: true, acts: [], reload: false };

/** Twice in a row the same send is in doubt. */
function inDoubt(random: () => number): Life {
  const point = IN_DOUBT[Math.floor(random() * IN_DOUBT.length)] ?? IN_DOUBT[0];
  return { kill: { how: "point", point, times: 1 }, drain: false, acts: [], reload: false };
}

function suddenAt(random: () => number, point: Point): Life {
  const { acts = [], reload = false } = leadsTo(point);
  const times = random() < 0.5 ? 1 : 1 + Math.floor(random() * timesOf(point));
  return { kill: { how: "point", point, times }, drain: false, acts, reload };
}

function suddenAtWrite(random: () => number, first: boolean): Life {
  return { kill: writeKill(random, first), drain: false, acts: [], reload: false };
}

function timesOf(point: Point): number {
  const often = OFTEN[point];
  if (often !== undefined) return often;
  return /^(?:store\.(?:accept|claim|prompted|answer|sending|settle)|intake|channel\.send|harness\.(?:open|prompt|event))/.test(
    point,
  )
    ? 3
    : 1;
}

/** A first start writes the tables; a later one writes little before messages come. */
function writeKill(random: () => number, first: boolean): Kill {
  const call = random() < 0.4 ? "fsync" : "pwrite64";
  const most = call === "fsync" ? 40 : first ? 60 : 250;
  return { how: "write", call, when: 1 + Math.floor(random() * most) };
}

function restless(random: () => number, inTurn: boolean): Kill {
  const after = Math.floor(random() * 400);
  const which = random();
  // A program takes a while to start, and works for some seconds then.
  if (inTurn) return { how: "turn", after: 600 + after };
  if (which < 0.25) return { how: "turn", after };
  if (which < 0.75) return { how: "time", after };
  if (which < 0.95) return { how: "stop", signals: random() < 0.5 ? 1 : 2, apart: after };
  return { how: "idle" };
}
