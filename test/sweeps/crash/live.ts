// The two kinds of lives that a gateway has between its deaths.
import { appendFileSync, existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { formatFailpoint } from "../../failpoints/points.ts";
import { STORE_FILE } from "../../../src/store/sqlite/open.ts";
import { notStored } from "./disk.ts";
import { drain } from "./drain.ts";
import { isSlow, type Kill, type Life } from "./kills.ts";
import { startLife, TOKEN, within, type Death, type Gateway } from "./life.ts";
import { configure, note, type Recovery, type Station } from "./station.ts";

/** From then on a life that didn't reach its end is killed from outside. */
const LIFE = 3500;
const SLOW_LIFE = 6000;

const COUNTED = ["turn.recovered", "turn.adopted", "suspect.alone"];

/** A life that ends itself, or is ended, soon: people write before it and all along. */
export async function liveBriefly(station: Station, life: Life, index: number): Promise<void> {
  const { people, random } = station;
  for (const act of life.acts) await people.chat(act);
  const before = index === 0 ? 1 : Math.floor(random() * 3);
  for (let i = 0; i < before; i++) await people.chat();
  people.post();
  const gateway = begin(station, life.kill);
  const writing = writeUntil(station, gateway, 6);
  if (life.reload) void reloadOnce(station, gateway);
  const death = (await within(isSlow(life) ? SLOW_LIFE : LIFE, gateway.death)) ?? null;
  if (life.kill.how === "point") (death === null ? station.missed : station.reached).push(life.kill.point);
  const ended = death ?? (await gateway.kill());
  await writing;
  await buried(station, life.kill, gateway, ended);
}

/** A life that answers everything first. Then people write again, and it ends in the midst of it. */
export async function liveCalmly(station: Station, life: Life): Promise<void> {
  const { people, random } = station;
  const gateway = begin(station);
  if (!(await drain(station, gateway))) return void (await gateway.kill());
  const { kill } = life;
  if (life.reload) void reloadOnce(station, gateway);
  if (kill.how === "turn") await people.chat("long");
  if (kill.how !== "idle") {
    for (let i = 0; i < 2 + Math.floor(random() * 3); i++) await people.chat();
    people.post();
  }
  const writing = writeUntil(station, gateway, 3);
  if (kill.how === "turn")
    await within(
      1500,
      gateway.program.loggedTimes("turn.started", startedIn(gateway) + 1).catch(() => null),
    );
  if (kill.how === "turn" || kill.how === "time") await pause(kill.after);
  if (kill.how === "stop")
    for (let i = 0; i < kill.signals; i++) {
      gateway.program.signal("SIGTERM");
      await pause(kill.apart);
    }
  const death = await gateway.kill();
  await writing;
  await buried(station, kill, gateway, death);
}

function startedIn({ program }: Gateway): number {
  return program.lines.filter(({ event }) => event === "turn.started").length;
}

export function begin(station: Station, kill?: Kill): Gateway {
  station.starts += 1;
  const gateway = startLife({ home: station.home, env: station.env, ...(kill !== undefined && { kill }) });
  // Under a tracer everything is slower: that says nothing about a start.
  if (kill?.how !== "write")
    void recoveryOf(gateway).then((recovery) => station.recoveries.push(...recovery));
  return gateway;
}

async function recoveryOf({ recovery, program }: Gateway): Promise<readonly Recovery[]> {
  const ms = await recovery;
  const lines = program.lines.filter(({ event }) => event === "boot.phase");
  const phases = Object.fromEntries(lines.map((line) => [String(line["phase"]), Number(line["ms"])]));
  return ms === null ? [] : [{ ms, phases }];
}

/** People write, at most `most` messages, until it is gone; what was posted is sent to it. */
async function writeUntil({ people, random }: Station, gateway: Gateway, most: number): Promise<void> {
  const delivering = gateway.url.then((url) =>
    url === null ? undefined : people.deliver(url, TOKEN, gateway.gone),
  );
  for (let i = 0; i < most; i++) {
    await pause(60 + random() * 240);
    if (gateway.gone.aborted) break;
    if (random() < 0.25) people.post();
    else await people.chat();
  }
  await delivering;
}

async function reloadOnce(station: Station, gateway: Gateway): Promise<void> {
  const url = await gateway.url;
  if (url === null) return;
  station.round += 1;
  configure(station);
  const headers = { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" };
  while (!gateway.gone.aborted) {
    const answer = await fetch(`${url}/api/v1/reload`, { method: "POST", headers, body: "{}" }).catch(
      () => null,
    );
    if (answer?.status === 200) return;
    await pause(50);
  }
}

/** After each death: nothing that was confirmed to anybody is missing on the disk, and nothing ended by itself. */
async function buried(station: Station, kill: Kill, gateway: Gateway, death: Death): Promise<void> {
  const name = kill.how === "point" ? formatFailpoint(kill) : JSON.stringify(kill);
  station.deaths += 1;
  for (const { event, level } of death.lines)
    if (COUNTED.includes(event) || level === "error" || level === "fatal")
      station.events[event] = (station.events[event] ?? 0) + 1;
  note(station, {
    death: station.deaths,
    kill: name,
    pid: gateway.program.pid,
    code: death.code,
    signal: death.signal,
  });
  appendFileSync(join(station.dir, "stderr.log"), death.stderr);
  const damage = death.lines.find(({ event }) => event === "store.damage");
  if (damage !== undefined)
    station.faults.push(`death ${station.deaths} (${name}): ${JSON.stringify(damage)}`);
  if (death.signal !== "SIGKILL" && kill.how !== "stop")
    station.faults.push(
      `death ${station.deaths} (${name}): it ended by itself with ${death.code}: ${death.stderr.slice(-400)}`,
    );
  const confirmed = await station.platform.confirmed();
  const owed = station.people.said.filter(({ via, updateId, id }) =>
    via === "api" ? id !== null : updateId < confirmed && updateId > 0,
  );
  if (!existsSync(join(station.home.state, STORE_FILE)) && owed.length === 0) return;
  const missing = notStored(station.home.state, owed);
  station.unstored += missing.length;
  if (missing.length > 0)
    station.faults.push(
      `death ${station.deaths} (${name}): confirmed and not stored: ${missing.map(({ n }) => n).join(", ")}`,
    );
}
