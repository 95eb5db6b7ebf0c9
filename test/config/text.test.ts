import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import { duplicateKeys } from "../../src/config/duplicate-keys.ts";
import { languageOf } from "../../src/config/parse-text.ts";
import { parse, problems } from "./from-text.ts";

describe("syntax", () => {
  it("the ending names the language", () => {
    const endings = ["a.json5", "a.json", "a.yaml", "a.YML", "a.toml", "json5"].map(languageOf);
    assert.deepEqual(endings, ["json5", "json5", "yaml", "yaml", undefined, undefined]);
  });

  const cases: readonly (readonly [string, string, "json5" | "yaml", readonly string[]])[] = [
    [
      "a broken list",
      "{\n  owners: [,\n}",
      "json5",
      ["config-syntax line 2, column 12: invalid character ','"],
    ],
    ["half a file", "{ gateway: { po", "json5", ["config-syntax line 1, column 16: invalid end of input"]],
    ["an empty file", " \n", "json5", ["config-syntax the file is empty; the smallest configuration is {}"]],
    [
      "an empty YAML file",
      "\uFEFF",
      "yaml",
      ["config-syntax the file is empty; the smallest configuration is {}"],
    ],
    ["YAML of comments", "# nothing\n", "yaml", ["the file: expected a mapping of keys, found null"]],
    [
      "a key twice",
      "{ owners: [],\n  'owners': [] }",
      "json5",
      ['config-syntax line 2, column 3: the key "owners" stands twice'],
    ],
    [
      "a YAML key twice",
      "owners: []\nowners: []\n",
      "yaml",
      ["config-syntax line 2, column 1: Map keys must be unique"],
    ],
    [
      "broken YAML",
      "gateway:\n  port: [1\n",
      "yaml",
      [
        "config-syntax line 3, column 1: Flow sequence in block collection must be sufficiently indented and end with a ]",
      ],
    ],
    [
      "__proto__",
      '{ "__proto__": { port: 1 } }',
      "json5",
      ['config-syntax "__proto__" is not allowed as a key'],
    ],
    [
      "a deep nest",
      "[".repeat(200) + "]".repeat(200),
      "json5",
      ["config-syntax nested deeper than 64 levels"],
    ],
    [
      "control characters",
      "{ \u001b[31m }",
      "json5",
      ["config-syntax line 1, column 3: invalid character '\\x1b'"],
    ],
  ];
  for (const [name, text, language, lines] of cases) {
    it(name, async () => assert.deepEqual(await problems(text, language), lines));
  }

  it("a byte order mark, comments and trailing commas are fine", async () => {
    const { config } = await parse("\uFEFF// mine\n{ gateway: { port: 0x50, }, }\n");
    assert.equal(config.gateway.port, 80);
  });

  it("YAML says the same as JSON5", async () => {
    const yaml =
      "gateway:\n  port: 1234\nagents:\n  list:\n    - id: main\n      model: { primary: echo/default }\n";
    const json5 = "{gateway:{port:1234},agents:{list:[{id:'main',model:{primary:'echo/default'}}]}}";
    assert.deepEqual(await parse(yaml, "yaml"), await parse(json5));
  });

  it("YAML that multiplies itself or nests for ever is refused", async () => {
    const bomb = [
      "a: &a [x,x,x,x,x,x,x,x,x]",
      ..."bcdefgh".split("").map((c, i) => `${c}: &${c} [${`*${"abcdefgh"[i] ?? ""},`.repeat(9)}]`),
    ].join("\n");
    const deep = "[".repeat(50_000);
    for (const text of [bomb, deep]) assert.match((await problems(text, "yaml"))[0] ?? "", /^config-syntax /);
  });
});

describe("keys that stand twice", () => {
  it("are found in any object, and only in one and the same", () => {
    const text = "{a:1, b:{a:1}, 'c':[{a:1},{a:2}], /* a:1 */ d:'a:1', // a:1\n \"a\": 2, b: {x:1, x:2}}";
    assert.deepEqual(
      duplicateKeys(text).map(({ key, line }) => `${key} ${line}`),
      ["a 2", "b 2", "x 2"],
    );
  });

  it("are never found in what JSON writes", () => {
    fc.assert(fc.property(fc.json(), (json) => assert.deepEqual(duplicateKeys(json), [])));
  });
});
