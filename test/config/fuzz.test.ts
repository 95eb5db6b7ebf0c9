import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import { RollcallError } from "../../src/core/errors.ts";
import { isPlainObject, merge } from "../../src/config/merge.ts";
import { parse } from "./from-text.ts";

const VALID = {
  owners: ["telegram/default/1"],
  gateway: {
    port: 1,
    auth: { token: { env: "T" } },
    boot: { pluginDeadline: "5s" },
    trustedProxies: ["::1"],
  },
  agents: {
    defaults: { turn: { idle: "1m" } },
    list: [
      {
        id: "main",
        model: { primary: "echo/x", fallbacks: ["a/b/c"] },
        session: { links: { a: "b" } },
        spend: { perDay: { usd: 2 } },
      },
    ],
  },
  harnesses: { echo: {}, mine: { kind: "command", command: "x" } },
  channels: { telegram: { accounts: { default: { token: "t" } } } },
  bindings: [{ agent: "main", from: "telegram/*/*" }],
  alerts: { routes: [{ kind: "webhook", url: "u" }], deadman: { url: "https://a", every: "30s" } },
  plugins: ["./p.ts"],
};

type Tree = Record<string, unknown> | unknown[];

/** Every container of a tree with its keys, in order. */
function places(root: unknown): readonly { readonly of: Tree; readonly key: string }[] {
  if (typeof root !== "object" || root === null) return [];
  return Object.keys(root).flatMap((key) => [
    { of: root as Tree, key },
    ...places((root as Record<string, unknown>)[key]),
  ]);
}

const junk = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom(
    "",
    "0s",
    "999999999999999999d",
    "a/b",
    "*/*/*",
    "\u0000",
    "__proto__",
    -1,
    1e308,
    null,
    [],
    {},
  ),
);
const change = fc.record({
  at: fc.nat(200),
  what: fc.constantFrom("replace", "remove", "rename", "wrap"),
  key: fc.oneof(
    fc.string(),
    fc.constantFrom("__proto__", "constructor", "toString", "x-y", "kind", "default"),
  ),
  value: junk,
});
type Change = typeof change extends fc.Arbitrary<infer C> ? C : never;

function mutate(root: unknown, { at, what, key, value }: Change): void {
  const all = places(root);
  const place = all[at % Math.max(1, all.length)];
  if (place === undefined) return;
  const tree = place.of as Record<string, unknown>;
  const old = tree[place.key];
  if (what === "replace") tree[place.key] = value;
  if (what === "wrap") tree[place.key] = [old];
  if (what === "rename")
    Object.defineProperty(tree, key, { value: old, enumerable: true, configurable: true, writable: true });
  if (what === "remove" || what === "rename") Reflect.deleteProperty(tree, place.key);
}

async function isTakenOrRefused(text: string, language: "json5" | "yaml"): Promise<void> {
  try {
    const { config, warnings } = await parse(text, language);
    assert.ok(config.agents.list.length > 0);
    assert.ok(warnings.every((line) => !line.includes("\n")));
  } catch (error) {
    assert.ok(error instanceof RollcallError, String(error));
    assert.match(error.code, /^config-(?:syntax|invalid)$/);
    assert.notEqual(error.detail, undefined);
    assert.doesNotMatch(error.detail ?? "", /[^\P{Cc}\n]/u);
  }
}

describe("whatever the file holds", () => {
  it("a configuration with changes is taken or refused, in words", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 5 }), async (changes) => {
        const config: unknown = structuredClone(VALID);
        for (const one of changes) mutate(config, one);
        await isTakenOrRefused(JSON.stringify(config), "json5");
      }),
      { numRuns: 500 },
    );
  });

  it("a text with changes is taken or refused, in words", async () => {
    const text = JSON.stringify(VALID, null, 1);
    const cut = fc.tuple(
      fc.nat(text.length),
      fc.nat(20),
      fc.string({ unit: "binary" }),
      fc.constantFrom("json5" as const, "yaml" as const),
    );
    await fc.assert(
      fc.asyncProperty(cut, async ([at, length, put, language]) =>
        isTakenOrRefused(text.slice(0, at) + put + text.slice(at + length), language),
      ),
      { numRuns: 300 },
    );
  });
});

describe("laying one tree over another", () => {
  const tree = fc.dictionary(
    fc.string(),
    fc.jsonValue().map((value) => structuredClone(value)),
    { noNullPrototype: true },
  );
  it("changes nothing by nothing, and takes everything over nothing", () => {
    fc.assert(
      fc.property(tree, (value) => {
        assert.deepEqual(merge(value, undefined), value);
        assert.deepEqual(merge(value, {}), value);
        assert.deepEqual(merge({}, value), value);
        assert.deepEqual(merge(value, value), value);
      }),
    );
  });

  it("has the keys of both, the later one's leaves, and leaves both alone", () => {
    fc.assert(
      fc.property(tree, tree, (under, over) => {
        const [before, after] = [structuredClone(under), structuredClone(over)];
        const merged = merge(under, over);
        assert.ok(isPlainObject(merged));
        assert.deepEqual(
          new Set(Object.keys(merged)),
          new Set([...Object.keys(under), ...Object.keys(over)]),
        );
        for (const [key, value] of Object.entries(over))
          if (!isPlainObject(value)) assert.deepEqual(merged[key], value);
        assert.deepEqual([under, over], [before, after]);
      }),
    );
  });
});
