import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  isCutOff,
  removalRefusals,
  removedAgents,
  restartRefusals,
  serviceRefusals,
} from "../../src/registry/reload.ts";
import type { Config } from "../../src/core/config.ts";
import { sampleAgent, sampleConfig } from "../fakes/samples.ts";

const base = sampleConfig();
const gatewayWith = (change: Partial<Config["gateway"]>): Config =>
  sampleConfig({ gateway: { ...base.gateway, ...change } });
const details = (list: readonly { readonly detail: string }[]): readonly string[] =>
  list.map(({ detail }) => detail);

test("keys that only a start reads are refused by name, others are taken up", () => {
  const table: readonly (readonly [string, Config, readonly string[]])[] = [
    ["nothing", sampleConfig(), []],
    ["host", gatewayWith({ host: "0.0.0.0" }), ["gateway.host"]],
    ["port", gatewayWith({ port: 1 }), ["gateway.port"]],
    ["token", gatewayWith({ auth: { token: { env: "OTHER" } } }), ["gateway.auth.token"]],
    ["a new plugin", sampleConfig({ plugins: ["./a.ts"] }), ["plugins (./a.ts)"]],
    ["both", { ...gatewayWith({ port: 1 }), plugins: ["x"] }, ["gateway.port", "plugins (x)"]],
    ["owners", sampleConfig({ owners: ["telegram/default/1"] }), []],
    ["agents", sampleConfig({ agents: { list: [sampleAgent({ id: "other" })] } }), []],
    ["public address", gatewayWith({ publicUrl: "https://chat.example.org" }), []],
    ["boot rules, which are for the next start", gatewayWith({ drain: { grace: 1 } }), []],
  ];
  for (const [name, next, keys] of table) {
    const refusals = restartRefusals(base, next);
    assert.deepEqual(
      refusals.map(({ code, detail }) => [code, detail.split(":")[0]]),
      keys.map((key) => ["restart-needed", key]),
      name,
    );
  }
});

test("a plugin that is no longer listed is no reason by itself", () => {
  const serving = sampleConfig({ plugins: ["./a.ts", "./b.ts"] });
  assert.deepEqual(restartRefusals(serving, sampleConfig({ plugins: ["./b.ts"] })), []);
  assert.deepEqual(restartRefusals(serving, sampleConfig({ plugins: ["./b.ts", "./a.ts"] })), []);
});

test("a key that the command line overrides is no reason", () => {
  const next = gatewayWith({ host: "::1", port: 9 });
  assert.equal(restartRefusals(base, next, { host: true, port: true }).length, 0);
  assert.deepEqual(details(restartRefusals(base, next, { host: true, port: false })), [
    "gateway.port: a change needs a restart",
  ]);
});

test("the order in which a secret's keys are written is no change", () => {
  const of = (token: object): Config => gatewayWith({ auth: { token: token as { env: string } } });
  assert.equal(
    restartRefusals(of({ env: "A", x: { b: 1, a: 2 } }), of({ x: { a: 2, b: 1 }, env: "A" })).length,
    0,
  );
});

test("a served agent never loses its service; one that isn't served, or is new, is no reason", () => {
  const names = fc.uniqueArray(fc.constantFrom("a", "b", "c", "d"));
  fc.assert(
    fc.property(names, names, names, names, fc.boolean(), (was, wasServed, is, isServed, exit) => {
      const serving = new Map(was.map((id) => [id, wasServed.includes(id)]));
      const next = new Map(is.map((id) => [id, isServed.includes(id)]));
      const refusals = serviceRefusals({ serving, next, unavailable: exit ? "exit" : "hold" });
      const lost = is.filter((id) => !isServed.includes(id) && (exit || serving.get(id) === true));
      assert.equal(refusals.length, lost.length);
      for (const id of lost) assert.ok(refusals.some(({ detail }) => detail.includes(`agent ${id} `)));
    }),
  );
});

test("an agent with waiting messages goes only when it is named; one without goes by itself", () => {
  const ids = fc.uniqueArray(fc.constantFrom("a", "b", "c", "d"));
  const counts = fc.dictionary(fc.constantFrom("a", "b", "c", "d"), fc.nat(3));
  fc.assert(
    fc.property(ids, counts, ids, (declared, waiting, dropAgents) => {
      const next = new Set(declared);
      const refusals = removalRefusals({
        next,
        waiting: new Map<string, number>(Object.entries(waiting)),
        dropAgents,
      });
      const awaited = Object.entries(waiting).filter(
        ([id, count]) => count > 0 && ![...declared, ...dropAgents].some((other) => other === id),
      );
      const staying = dropAgents.filter((id) => next.has(id));
      assert.equal(refusals.length, awaited.length + staying.length);
      for (const [id] of awaited)
        assert.ok(
          refusals.some(
            ({ code, detail }) => code === "agent-awaited" && detail.includes(`--drop-agent ${id}`),
          ),
        );
    }),
  );
});

test("what is removed is what served and doesn't, and what was named besides", () => {
  assert.deepEqual(removedAgents(new Set(["a", "b"]), new Set(["b", "c"]), ["a", "long-gone", "c"]), [
    "a",
    "long-gone",
  ]);
});

test("every true beginning of the file that serves is recognised as cut off, and the file itself isn't", () => {
  fc.assert(
    fc.property(fc.string(), fc.nat(), (start, at) => {
      const text = `${start}.`;
      assert.equal(isCutOff(text, text), false);
      assert.equal(isCutOff(`${text}\n`, text), false);
      assert.equal(isCutOff(text, text.slice(0, at % text.length)), true);
      assert.equal(isCutOff(text, `${text}more`), false);
    }),
  );
  assert.equal(isCutOff("a: 1\nb: 2\n", "a: 1\nb: 3\n"), false);
});
