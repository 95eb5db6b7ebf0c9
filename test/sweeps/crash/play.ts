// A station from its first start to the verdict.
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as pause } from "node:timers/promises";
import type { Point } from "../../failpoints/points.ts";
import { readWitness } from "../../fakes/harness/witness.ts";
import { storeFaults } from "./disk.ts";
import { drain, repliesTo } from "./drain.ts";
import { judge, type Figures } from "./judge.ts";
import type { Life } from "./kills.ts";
import { within } from "./life.ts";
import { begin, liveBriefly, liveCalmly } from "./live.ts";
import { note, openStation, type Recovery, type Station } from "./station.ts";
import { custodyProcesses } from "./witnesses.ts";

const STOPPED = 15_000;

export interface Outcome {
  readonly faults: readonly string[];
  readonly figures: Figures;
  readonly deaths: number;
  readonly starts: number;
  readonly reached: readonly Point[];
  readonly missed: readonly Point[];
  readonly recoveries: readonly Recovery[];
  /** How long it took until everything was answered, after each death. */
  readonly drains: readonly number[];
  readonly orphans: number;
  readonly unstored: number;
  readonly events: Readonly<Record<string, number>>;
  /** Where everything lies that was left of a failed station; null when it was cleared away. */
  readonly kept: string | null;
}

/** Plays the lives of one station and judges what was seen. Never throws for what the gateway does. */
export async function playStation(seed: number, lives: readonly Life[], cache: string): Promise<Outcome> {
  const station = await openStation(seed, cache);
  try {
    for (const [index, life] of lives.entries()) {
      await (life.drain ? liveCalmly(station, life) : liveBriefly(station, life, index));
      if (station.faults.length > 0) break;
    }
    return await close(station, lives);
  } finally {
    await station.platform.close();
  }
}

/** A start that comes to a good end keeps its compiled code for all that follow. */
export async function warmUp(cache: string): Promise<void> {
  await playStation(0, [], cache);
}

/** The last life ends well, and everybody is asked. */
async function close(station: Station, lives: readonly Life[]): Promise<Outcome> {
  const { faults, platform, people, home, dir } = station;
  const gateway = begin(station);
  const drained = await drain(station, gateway);
  const url = await gateway.url;
  const replied = url === null ? [] : await repliesTo(station, url);
  gateway.program.signal("SIGTERM");
  const death = (await within(STOPPED, gateway.death)) ?? (await gateway.kill());
  if (death.code !== 0)
    faults.push(`the last stop ended with ${death.code} ${death.signal}: ${death.stderr.slice(-400)}`);
  const orphans = await orphansOf(dir);
  if (orphans.length > 0) faults.push(`orphans: ${orphans.join(", ")}`);
  if (drained)
    faults.push(
      ...(await storeFaults(home.state).catch((error: unknown) => [
        `the store can't be opened: ${String(error)}`,
      ])),
    );
  const verdict = judge({
    said: people.said,
    chats: await platform.chats(),
    confirmed: await platform.confirmed(),
    replied,
    witnessed: readWitness(join(dir, "claude")),
  });
  faults.push(...verdict.faults);
  note(station, { faults, lives });
  if (faults.length === 0) rmSync(dir, { recursive: true, force: true });
  else writeFileSync(join(dir, "chats.json"), JSON.stringify([...(await platform.chats())], null, 1));
  const { deaths, starts, reached, missed, recoveries, drains, unstored, events } = station;
  return {
    faults,
    deaths,
    starts,
    reached,
    missed,
    recoveries,
    drains,
    unstored,
    events,
    figures: verdict.figures,
    orphans: orphans.length,
    kept: faults.length === 0 ? null : dir,
  };
}

/** What is left a second after the end. It is ended here: nothing outlives a sweep. */
async function orphansOf(dir: string): Promise<readonly number[]> {
  let left = custodyProcesses(dir);
  for (let waited = 0; left.length > 0 && waited < 1000; waited += 50) {
    await pause(50);
    left = custodyProcesses(dir);
  }
  for (const pid of left) process.kill(pid, "SIGKILL");
  return left;
}
