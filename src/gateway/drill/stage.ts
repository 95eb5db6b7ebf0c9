import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { declaredHarnesses } from "../../registry/build.ts";
import type { Said } from "./answers.ts";
import { startGateway, type ChildPlace, type DrilledGateway } from "./child.ts";
import { openDesk, type DrillDesk } from "./desk.ts";
import type { DrillInput } from "./drill-input.ts";
import { isolate } from "./isolate.ts";
import { peopleOf, type Person } from "./people.ts";
import { openPlatformOfDrill, type DrillPlatform } from "./platform.ts";
import { STAND_IN_PROGRAM } from "./stand-in.ts";
import { runsFrom } from "./runs-from.ts";

/** One exercise's own world: a gateway with its state, a platform with people, a desk for alerts, stand-ins. */
export interface Stage {
  readonly dir: string;
  readonly people: readonly Person[];
  readonly platform: DrillPlatform;
  readonly desk: DrillDesk;
  /** Starts the gateway, or starts it again. @throws DrillFailed */
  start(how?: Partial<Pick<ChildPlace, "node" | "below" | "seenAt">>): Promise<DrilledGateway>;
  readonly logFile: string;
  readonly state: string;
  /** Somebody writes, with a mark of its own. */
  say(person: Person, words?: string): Said;
  readonly said: readonly Said[];
  /** Takes the programs of all harnesses away, or puts them back. */
  programs(there: boolean): void;
  /** Processes of stand-ins that run. */
  standIns(): readonly number[];
  /** Stops what was started of the gateway. */
  stop(): Promise<void>;
  /** Ends whatever is left. */
  close(): Promise<void>;
}

/** Sets the stage for one exercise, in a folder of its own below the drill's. Nothing runs yet but the loopback. */
export async function setStage(name: string, input: DrillInput): Promise<Stage> {
  const dir = join(input.dir, name);
  const bin = join(dir, "bin");
  const away = join(dir, "away");
  const pids = join(dir, "running");
  const state = join(dir, "state");
  const logFile = join(dir, "gateway.log");
  for (const folder of [bin, pids, state, join(dir, "home")]) mkdirSync(folder, { recursive: true });
  const people = peopleOf(input.config);
  const platform = await openPlatformOfDrill(people);
  const desk = await openDesk();
  const harnesses = declaredHarnesses(input.config).map(({ id }) => id);
  const programOf = (id: string): string => join(bin, encodeURIComponent(id));
  const program = join(dir, "stand-in.cjs");
  writePrograms(program, pids, harnesses.map(programOf));
  const config = join(dir, "rollcall.json5");
  const isolated = isolate(input.raw, input.config, {
    dir,
    people,
    apiRoot: platform.url,
    tokenOf: platform.tokenOf,
    hook: desk.url,
    programOf,
    harnesses,
  });
  writeFileSync(config, JSON.stringify(isolated, null, 2));
  const said: Said[] = [];
  const gateways: DrilledGateway[] = [];
  const standIns = (): readonly number[] =>
    readdirSync(pids)
      .map(Number)
      .filter((pid) => runsFrom(pid, program));
  return {
    dir,
    people,
    platform,
    desk,
    logFile,
    state,
    said,
    async start(how = {}) {
      const place = { config, state, logFile, home: join(dir, "home"), env: input.env };
      const plain = { node: [], below: [], seenAt: () => "/" };
      const gateway = await startGateway({ ...place, ...plain, ...how }, input.signal);
      gateways.push(gateway);
      return gateway;
    },
    say(person, words = "please") {
      const one = { person, mark: `mark-${name}-${said.length + 1}` };
      said.push(one);
      platform.say(person, `${one.mark} ${words}`);
      return one;
    },
    programs(there) {
      if (there === existsSync(bin)) return;
      renameSync(there ? away : bin, there ? bin : away);
    },
    standIns,
    async stop() {
      await Promise.all(gateways.map((gateway) => gateway.stop()));
    },
    async close() {
      await Promise.all(gateways.map((gateway) => gateway.stop()));
      for (const pid of standIns()) process.kill(pid, "SIGKILL");
      await Promise.all([platform.close(), desk.close()]);
    },
  };
}

function writePrograms(program: string, pids: string, paths: readonly string[]): void {
  writeFileSync(program, STAND_IN_PROGRAM);
  const words = [process.execPath, program, pids].map((word) => `'${word.replaceAll("'", `'\\''`)}'`);
  for (const path of paths) {
    writeFileSync(path, `#!/bin/sh\nexec ${words.join(" ")} "$@"\n`);
    chmodSync(path, 0o700);
  }
}
