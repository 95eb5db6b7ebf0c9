// One state directory that lives through many deaths of its gateway, with its own platform and harness beside it.
import { appendFileSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Point } from "../../failpoints/points.ts";
import { fakeClaude } from "../../fakes/harness/fake-claude.ts";
import type { Home } from "../../gateway/program.ts";
import { randomOf } from "../boot-scenario.ts";
import type { Replied } from "./judge.ts";
import { TOKEN } from "./life.ts";
import { createPeople, GROUP, type People } from "./people.ts";
import { startPlatform, type Platform } from "./witnesses.ts";

const BOT = "7001:test";

/** One start, from the start of its process to the first message that could be taken. */
export interface Recovery {
  readonly ms: number;
  /** How long each phase took, by its own account. */
  readonly phases: Readonly<Record<string, number>>;
}

export interface Station {
  readonly dir: string;
  readonly home: Home;
  readonly env: Readonly<Record<string, string>>;
  readonly platform: Platform;
  readonly people: People;
  readonly random: () => number;
  readonly faults: string[];
  readonly recoveries: Recovery[];
  readonly drains: number[];
  readonly reached: Point[];
  readonly missed: Point[];
  readonly events: Record<string, number>;
  /** How messages of the API ended, by number. */
  readonly known: Map<number, Replied>;
  starts: number;
  deaths: number;
  unstored: number;
  round: number;
}

/** @param cache where compiled code is kept, for all stations */
export async function openStation(seed: number, cache: string): Promise<Station> {
  const dir = mkdtempSync(join(tmpdir(), `rollcall-crash-${seed}-`));
  const random = randomOf(seed + 7);
  const claude = fakeClaude({ dir: join(dir, "claude"), cache });
  const platform = await startPlatform(BOT);
  mkdirSync(join(dir, "work"));
  const config = join(dir, "rollcall.json5");
  const home: Home = {
    dir,
    state: join(dir, "state"),
    config,
    configure: (value) => writeFileSync(config, JSON.stringify(value)),
  };
  const station: Station = {
    dir,
    home,
    env: { ...claude.env, NODE_COMPILE_CACHE: cache },
    platform,
    people: createPeople(platform.control, random),
    random,
    faults: [],
    recoveries: [],
    drains: [],
    reached: [],
    missed: [],
    events: {},
    known: new Map(),
    starts: 0,
    deaths: 0,
    unstored: 0,
    round: 0,
  };
  configure(station);
  return station;
}

export function configure({ home, platform, round }: Station): void {
  home.configure({
    "x-round": round,
    gateway: { auth: { token: TOKEN } },
    agents: {
      list: [
        {
          id: "main",
          model: { primary: "claude-cli/default", fallbacks: ["claude-cli/second"] },
          workspace: join(home.dir, "work"),
          ...(round % 2 === 1 && { hold: { noticeAfter: "6s" } }),
        },
      ],
    },
    channels: {
      telegram: {
        accounts: {
          default: {
            token: BOT,
            apiRoot: platform.root,
            direct: { policy: "open", allow: ["*"] },
            groups: { [GROUP]: { agent: "main", mention: false, senders: ["*"] } },
          },
        },
      },
    },
  });
}

/** Writes a line about a life into the station's folder. */
export function note({ dir }: Station, line: object): void {
  appendFileSync(join(dir, "lives.jsonl"), `${JSON.stringify(line)}\n`);
}
