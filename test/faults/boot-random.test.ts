// Two hundred starts of plugins that hang, throw, answer late and register what they must not, in any order. More of
// them: `npm run boots -- --count 1000`.
import assert from "node:assert/strict";
import { test } from "node:test";
import { faultsOf, truthOf } from "../sweeps/boot-check.ts";
import { playBoot, type Played } from "../sweeps/boot-run.ts";
import { sceneOf, type Scene } from "../sweeps/boot-scenario.ts";

const BOOTS = 200;

test("no start listens before the seal or is ready without what is declared", async (t) => {
  const ends = { ready: 0, holding: 0, failed: 0 };
  for (let seed = 1; seed <= BOOTS; seed++) {
    const scene = sceneOf(seed);
    const played = await playBoot(scene);
    assert.deepEqual(
      faultsOf(scene, played),
      [],
      `seed ${seed}: ${JSON.stringify(scene)}\n${JSON.stringify(played.sights)}`,
    );
    const end = played.sights.at(-1)?.what;
    if (end === "ready" || end === "holding" || end === "failed") ends[end] += 1;
  }
  t.diagnostic(
    `${BOOTS} starts: ready ${ends.ready}, holding ${ends.holding}, refused ${ends.failed}; false ready 0, listened before the seal 0`,
  );
  for (const count of Object.values(ends)) assert.ok(count > BOOTS / 20, "every end occurs");
});

test("the checker sees what would be wrong", () => {
  const good = {
    name: "p",
    behaviour: "good",
    kinds: ["ant"],
    factory: "makes",
    importTakes: 0,
    registerTakes: 0,
  } as const;
  const scene: Scene = {
    seed: 0,
    unregistered: "exit",
    agents: [{ id: "main", refs: ["ant/default"] }],
    plugins: [good],
    unwell: [],
  };
  const played = (...whats: readonly Played["sights"][number]["what"][]): Played => ({
    sights: whats.map((what, at) => ({ at, what, detail: what === "failed" ? "plugin-failed: p" : "" })),
    lines: [],
    pending: 0,
  });
  const bad: Scene = { ...scene, plugins: [{ ...good, behaviour: "register throws" }] };
  assert.deepEqual(truthOf(bad), { wrong: ["p"], missing: ["ant"], unmade: false });
  assert.deepEqual(faultsOf(scene, played("sealed", "listening", "ready")), []);
  assert.deepEqual(faultsOf(bad, played("failed")), []);
  for (const [one, seen] of [
    [scene, played("listening", "sealed", "ready")],
    [scene, played("failed")],
    [scene, played()],
    [scene, { ...played("failed"), pending: 1 }],
    [bad, played("sealed", "listening", "ready")],
    [{ ...bad, unregistered: "hold-agent" }, played("sealed", "listening", "ready")],
    [{ ...scene, unwell: ["ant"] }, played("sealed", "listening", "ready")],
  ] as const) {
    assert.notEqual(faultsOf(one, seen).length, 0, JSON.stringify([one, seen.sights]));
  }
});
