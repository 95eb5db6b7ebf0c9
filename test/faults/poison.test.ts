// A message that crashes the gateway itself: the real program is started again each time it ends, as a supervisor does,
// until it stays. What crashes it is a hook that the program knows nothing of.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { startTelegram, type FakeTelegram } from "../fakes/telegram/server.ts";
import { makeHome, runProgram, type Home, type Program } from "../gateway/program.ts";

const PERSON = 12345;
const OTHER = 777;
/** Far beyond what it takes. */
const LONGEST = 60_000;
const HOOK = pathToFileURL(join(import.meta.dirname, "../fixtures/crash-hook.mjs")).href;

interface Stage {
  readonly telegram: FakeTelegram;
  readonly home: Home;
}

async function stage(t: TestContext, harness: object = {}): Promise<Stage> {
  const telegram = await startTelegram({ token: "1:secret-of-the-test", limits: "off" });
  t.after(() => telegram.close());
  const home = makeHome(t);
  const { token, root: apiRoot } = telegram;
  home.configure({
    agents: { list: [{ id: "main", model: { primary: "echo/default" }, midTurn: "queue" }] },
    harnesses: { echo: harness },
    channels: {
      telegram: { accounts: { default: { token, apiRoot, stream: "off", direct: { policy: "open" } } } },
    },
  });
  return { telegram, home };
}

const texts = ({ telegram }: Stage, chat: number): readonly string[] =>
  telegram
    .chat(chat)
    .messages.filter(({ fromBot, deleted }) => fromBot && !deleted)
    .map(({ text }) => text);

interface Supervised {
  readonly crashes: number;
  /** Seconds from the first crash until the gateway had done what was waited for. */
  readonly blocked: number;
  readonly program: Program;
}

/** Starts the program again whenever it ends, until it has done what is waited for. */
async function supervise(t: TestContext, at: Stage, done: () => boolean): Promise<Supervised> {
  const { home } = at;
  let first: number | null = null;
  const late = Date.now() + LONGEST;
  for (let crashes = 0; crashes < 12; crashes++) {
    const program = runProgram(t, home, "start", {
      args: ["--port", "0"],
      env: { NODE_OPTIONS: `--import=${HOOK}` },
    });
    const life = { over: false };
    void program.exited.then(() => (life.over = true));
    while (!life.over) {
      const said = (): string => JSON.stringify(program.lines.slice(-12));
      if (Date.now() > late) throw new assert.AssertionError({ message: `never done: ${said()}` });
      if (done()) return { crashes, blocked: first === null ? 0 : (Date.now() - first) / 1000, program };
      await wait(20);
    }
    const { code, signal } = await program.exited;
    assert.equal(signal, "SIGABRT", `ended with ${code}: ${program.stderr().slice(0, 400)}`);
    first ??= Date.now();
  }
  throw new assert.AssertionError({ message: `it went on crashing: ${JSON.stringify(texts(at, PERSON))}` });
}

interface Shown {
  readonly state: string;
  readonly text: string;
  readonly history: readonly { readonly event: string; readonly detail?: string }[];
}

async function listed(home: Home, query: string): Promise<readonly Shown[]> {
  const { url, token } = JSON.parse(readFileSync(join(home.state, "gateway.json"), "utf8")) as {
    url: string;
    token: string;
  };
  const answer = await fetch(`${url}/api/v1/messages?${query}`, {
    headers: { authorization: `Bearer ${token}` },
  });
  return ((await answer.json()) as { messages: Shown[] }).messages;
}

async function stop(program: Program): Promise<void> {
  program.signal("SIGTERM");
  assert.equal((await program.exited).code, 0);
}

test("an update whose reading crashes the gateway is kept unread after three crashes", async (t) => {
  const at = await stage(t);
  const { telegram, home } = at;
  telegram.say("before");
  telegram.say("this is poison-parse for the parser");
  telegram.say("after");
  telegram.say("mine", { from: OTHER, name: "Bea" });
  const answered = (): boolean =>
    texts(at, PERSON).includes("after") && texts(at, OTHER).some((text) => text.endsWith("mine"));
  const told = (): boolean => texts(at, PERSON).some((text) => /couldn't be read/.test(text));
  const { crashes, blocked, program } = await supervise(t, at, () => answered() && told());
  const kept = await listed(home, "state=quarantined");
  t.diagnostic(`crash at parse: crashes ${crashes}, blocked ${blocked.toFixed(1)} s`);
  assert.equal(crashes, 3);
  assert.equal(kept.length, 1);
  assert.match(kept[0]?.text ?? "", /poison-parse for the parser/, "as it came");
  assert.deepEqual(
    texts(at, PERSON).filter((text) => /^(before|after)$/.test(text)),
    ["before", "after"],
  );
  await program.logged("alert.raised");
  assert.equal(telegram.updates.waiting.length, 0, "the cursor has moved on");
  await stop(program);
});

for (const [place, word] of [
  ["prompt", "poison-prompt"],
  ["plan", "poison-plan"],
] as const) {
  test(`a message that crashes the gateway at its ${place} is set aside after three crashes`, async (t) => {
    const at = await stage(t);
    at.telegram.say(`this is ${word}`);
    at.telegram.say("mine", { from: OTHER, name: "Bea" });
    const told = (): boolean => texts(at, PERSON).some((text) => /was set aside/.test(text));
    const { crashes, blocked, program } = await supervise(t, at, () => {
      if (!told() || !texts(at, OTHER).some((text) => text.endsWith("mine"))) return false;
      if (at.telegram.chat(PERSON).messages.every(({ text }) => text !== "after")) at.telegram.say("after");
      return texts(at, PERSON).includes("after");
    });
    t.diagnostic(`crash at ${place}: crashes ${crashes}, blocked ${blocked.toFixed(1)} s`);
    assert.equal(crashes, 3);
    const [kept] = await listed(at.home, "state=quarantined");
    assert.equal(kept?.text, `this is ${word}`);
    assert.equal(texts(at, PERSON).filter((text) => text === "after").length, 1);
    await stop(program);
  });
}

test("an answer whose sending crashes the gateway is dead after three crashes, and the chat goes on", async (t) => {
  const at = await stage(t);
  at.telegram.say("this is poison-send");
  at.telegram.say("mine", { from: OTHER, name: "Bea" });
  const told = (): boolean => texts(at, PERSON).some((text) => /can't be shown here/.test(text));
  const { crashes, blocked, program } = await supervise(t, at, () => {
    if (!told() || !texts(at, OTHER).some((text) => text.endsWith("mine"))) return false;
    if (at.telegram.chat(PERSON).messages.every(({ text }) => text !== "after")) at.telegram.say("after");
    return texts(at, PERSON).includes("after");
  });
  t.diagnostic(`crash at send: crashes ${crashes}, blocked ${blocked.toFixed(1)} s`);
  assert.equal(crashes, 3);
  const [dead] = await listed(at.home, "state=dead");
  assert.equal(dead?.text, "this is poison-send");
  await stop(program);
});

test("three kills while a harness works set nothing aside", async (t) => {
  const at = await stage(t, { delay: "700ms" });
  at.telegram.say("one two three four");
  for (let kills = 0; kills < 2; kills++) {
    const program = runProgram(t, at.home, "start", { args: ["--port", "0"] });
    await program.logged("turn.started");
    await wait(100);
    program.signal("SIGKILL");
    await program.exited;
  }
  at.telegram.say("five", { from: OTHER, name: "Bea" });
  const third = runProgram(t, at.home, "start", { args: ["--port", "0"] });
  await third.loggedTimes("turn.started", 2);
  await wait(100);
  third.signal("SIGKILL");
  await third.exited;
  const last = runProgram(t, at.home, "start", { args: ["--port", "0"] });
  await last.logged("gateway.ready");
  while (!texts(at, OTHER).includes("five")) await wait(20);
  const quarantined = await listed(at.home, "state=quarantined");
  const crashed = last.lines.filter(({ event }) => event === "process.crashed").length;
  t.diagnostic(`three kills while a harness worked: quarantined ${quarantined.length}, suspects ${crashed}`);
  assert.deepEqual(quarantined, []);
  assert.equal(crashed, 0);
  await stop(last);
});
