// Each rule is broken here on purpose: a rule that finds nothing wrong in these would find nothing anywhere.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { describe, it } from "node:test";
import { anchorOf, FORBIDDEN, forbiddenFindings, linkFindings, mentionFindings } from "./documents.ts";
import { cycles, importsOf, unreachable } from "./imports.ts";
import { mask } from "./mask.ts";
import { EDGES, matrixFindings } from "./matrix.ts";
import {
  deadExportFindings,
  docstringFindings,
  nameFindings,
  patternFindings,
  PATTERN_RULES,
  suppressionFindings,
} from "./rules.ts";
import { fileSizeFindings, functionFindings, measureFunctions, SIZES } from "./sizes.ts";
import { ROOT, source } from "./tree.ts";

describe("mask", () => {
  it("keeps offsets, and tells code from words", () => {
    const text =
      "const a = `x ${b(`//`)} y`; // c 'd'\nconst r = /[/'\"]\\//g; /* e */ const s = 'f // g';\nconst q = a / b;\n";
    const { code, uncommented, comments } = mask(text);
    assert.equal(code.length, text.length);
    assert.equal(comments.replace(/\s+/g, " ").trim(), "// c 'd' /* e */");
    assert.match(uncommented, /'f \/\/ g'/);
    assert.match(code, /\$\{b\(`  `\)\}/);
    assert.match(code, /const q = a \/ b;/);
    assert.doesNotMatch(code, /[dfxy]/);
  });

  it("finds its way out of nested braces in templates", () => {
    const { code } = mask("f(`${g({ a: { b: 1 } })}new Error(`); new Error('x')");
    assert.equal([...code.matchAll(/new Error/g)].length, 1);
  });
});

describe("import rules", () => {
  const find = (file: string, text: string): string[] =>
    matrixFindings([source(file, text)]).map((f) => f.what);

  it("knows every form of import", () => {
    const text = [
      'import type { A } from "./a.ts";',
      'import { b } from "./b.ts";',
      "import {\n  type C,\n  c,\n} from './c.ts';",
      'import * as d from "node:d";',
      'import "./e.ts";',
      'export { f } from "./f.ts";',
      'export type { G } from "./g.ts";',
      'export * from "./h.ts";',
      'const i = await import("./i.ts");',
      'new Worker(new URL("./j.ts", import.meta.url));',
      'const k = "import l from \\"./l.ts\\"";',
      '// import m from "./m.ts"',
    ].join("\n");
    const found = importsOf(source("src/x/y.ts", text));
    assert.deepEqual(
      found.map((i) => i.specifier),
      ["./a.ts", "./b.ts", "./c.ts", "node:d", "./e.ts", "./f.ts", "./g.ts", "./h.ts", "./i.ts", "./j.ts"],
    );
    assert.deepEqual(
      found.filter((i) => i.typeOnly).map((i) => i.specifier),
      ["./a.ts", "./g.ts"],
    );
  });

  it("core imports nothing from outside, ports only types", () => {
    assert.equal(find("src/core/a.ts", 'import type { X } from "node:stream";').length, 1);
    assert.equal(find("src/core/a.ts", 'import type { X } from "../ports/x.ts";').length, 1);
    assert.equal(find("src/ports/a.ts", 'import { z } from "zod";').length, 1);
    assert.deepEqual(find("src/ports/a.ts", 'import type { ZodType } from "zod";'), []);
    assert.equal(find("src/router/a.ts", 'import { join } from "node:path";').length, 1);
  });

  it("stages and adapters stand apart", () => {
    assert.equal(find("src/inbox/a.ts", 'import { x } from "../outbox/x.ts";').length, 1);
    assert.equal(find("src/http/a.ts", 'import type { X } from "../config/x.ts";').length, 1);
    assert.equal(find("src/channels/web/a.ts", 'import { x } from "../telegram/x.ts";').length, 1);
    assert.equal(find("src/channels/split-text.ts", 'import { x } from "./telegram/x.ts";').length, 1);
    assert.deepEqual(find("src/gateway/catalog.ts", 'await import("../channels/telegram/x.ts");'), []);
    assert.deepEqual(
      find("src/channels/web/a.ts", 'import { x } from "../split-text.ts"; import y from "hono";'),
      [],
    );
  });

  it("only main and cli know the gateway", () => {
    const text = 'import { x } from "../gateway/x.ts";';
    for (const folder of Object.keys(EDGES)) {
      const allowed = ["gateway", "cli", "main"].includes(folder);
      assert.equal(find(`src/${folder}/a.ts`, text).length, allowed ? 0 : 1, folder);
    }
    assert.deepEqual(find("src/main.ts", 'import { x } from "./gateway/x.ts";'), []);
  });

  it("finds folders that aren't in the matrix, and ways out of src", () => {
    assert.equal(find("src/extras/a.ts", "").length, 1);
    assert.equal(find("src/http/a.ts", 'import { x } from "../../test/fakes/clock.ts";').length, 1);
  });

  it("finds circles, of types too", () => {
    const a = source("src/core/a.ts", 'import type { B } from "./b.ts";');
    const b = source("src/core/b.ts", 'import type { C } from "./c.ts";');
    const c = source("src/core/c.ts", 'import type { A } from "./a.ts";');
    assert.deepEqual(cycles([a, b, c], "types"), [["src/core/a.ts", "src/core/b.ts", "src/core/c.ts"]]);
    assert.deepEqual(cycles([a, b], "types"), []);
    assert.deepEqual(cycles([a, b, c], "values"), []);
  });

  it("finds files that nothing leads to", () => {
    const main = source("src/main.ts", 'import "./a.ts"; fork("src/child.ts");');
    const rest = ["src/a.ts", "src/child.ts", "src/dead.ts"].map((file) => source(file, ""));
    assert.deepEqual(unreachable([main, ...rest], ["src/main.ts"]), ["src/dead.ts"]);
  });
});

describe("code rules", () => {
  const broken: Readonly<Record<string, readonly string[]>> = {
    "bare error": ['throw new Error("x");', "return new  Error (x)", "throw Error(x)"],
    "empty catch": [
      "try { a() } catch {}",
      "try { a() } catch (error) { /* gone */ }",
      "a().catch(() => {});",
    ],
    any: [
      "let a: any;",
      "b as any",
      "c<any>()",
      "type D = string | any;",
      "let e: any[]",
      "Map<string, any>",
    ],
    "default export": ["export default 1;"],
    erasable: [
      "enum A { B }",
      "export namespace A { }",
      "class A { constructor(private readonly b: string) {} }",
    ],
  };
  const sound = [
    'throw new RollcallError("bug");',
    "class A extends Error { constructor() { super(); } }",
    "try { a() } catch { return undefined; }",
    "AbortSignal.any([a]); const many = anyOf(a); // new Error( as any",
    '"new Error(x) as any"; f({ any: 1 });',
  ].join("\n");

  for (const rule of PATTERN_RULES) {
    it(`finds: ${rule.name}`, () => {
      for (const text of broken[rule.name] ?? []) {
        assert.equal(patternFindings([source("src/a.ts", text)], rule.name).length, 1, text);
      }
      assert.ok((broken[rule.name]?.length ?? 0) > 0);
      assert.deepEqual(patternFindings([source("src/a.ts", sound)], rule.name), []);
    });
  }

  it("finds checks that are switched off without a reason", () => {
    const find = (text: string): number => suppressionFindings([source("src/a.ts", text)]).length;
    assert.equal(find("// @ts-ignore -- because\na();"), 1);
    assert.equal(find("// oxlint-disable-next-line no-console\na();"), 1);
    assert.equal(find("// oxlint-disable-next-line no-console -- the command's own output\na();"), 0);
  });

  it("finds exports without a docstring", () => {
    const find = (text: string): string[] =>
      docstringFindings([source("src/core/a.ts", text)]).map((f) => f.what);
    assert.deepEqual(find("export const a = 1;\n"), ["a has no docstring"]);
    assert.deepEqual(find("/** B. */\nexport type B = 1;\nexport interface C {}\n"), ["C has no docstring"]);
    assert.deepEqual(find("/** D. */\n\nexport function d() {}\n"), ["d has no docstring"]);
    assert.deepEqual(
      find('/** E. */\n// prettier-ignore\nexport class E {}\nexport { f } from "./f.ts";\n'),
      [],
    );
  });

  it("finds exports that nobody uses", () => {
    const a = source(
      "src/core/a.ts",
      "export const used = 1;\nexport const alone = used;\nexport type Alone = 1;",
    );
    const b = source("src/core/b.ts", 'import { used } from "./a.ts";');
    assert.deepEqual(
      deadExportFindings([a, b]).map((f) => f.what),
      ["nobody imports alone"],
    );
  });
});

describe("names and sizes", () => {
  it("finds names that say nothing, and names that aren't kebab-case", () => {
    for (const name of [
      "src/utils/a.ts",
      "src/core/session-manager.ts",
      "test/helpers.ts",
      "src/core/splitText.ts",
      "src/core/a_b.ts",
    ]) {
      assert.equal(nameFindings([name]).length, 1, name);
    }
    assert.deepEqual(
      nameFindings(["src/core/split-text.ts", "test/unit/core/a.test.ts", "docs/decisions/0001-a.md"]),
      [],
    );
  });

  it("finds long files", () => {
    const lines = (n: number): string => "a;\n".repeat(n);
    assert.equal(fileSizeFindings([source("src/a.ts", lines(SIZES.fileLines))]).length, 0);
    assert.equal(fileSizeFindings([source("src/a.ts", lines(SIZES.fileLines + 1))]).length, 1);
  });

  it("measures functions as the linter's parser sees them", () => {
    const dir = mkdtempSync(path.join(os.tmpdir(), "rollcall-sizes-"));
    try {
      writeFileSync(
        path.join(dir, "a.ts"),
        `export function long() {\n${"  a();\n".repeat(SIZES.functionLines)}}\nconst b = () => a();\n`,
      );
      const found = measureFunctions(dir);
      assert.deepEqual(
        found.map((f) => f.lines),
        [SIZES.functionLines + 2, 1],
      );
      assert.equal(functionFindings(found).length, 1);
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });

  it("lets one function in a hundred be longish", () => {
    const f = (lines: number): { path: string; line: number; name: string; lines: number } => ({
      path: "a",
      line: 1,
      name: "f",
      lines,
    });
    const many = Array.from({ length: 199 }, () => f(10));
    assert.deepEqual(functionFindings([...many, f(60), f(50)]), []);
    assert.equal(functionFindings([...many, f(60), f(50), f(46)]).length, 3);
    assert.equal(functionFindings([...many, f(SIZES.functionLines + 1)]).length, 1);
  });
});

describe("document rules", () => {
  const a = {
    path: "docs/a.md",
    text: "# A `b` c!\n\n[x](b.md) [y](#a-b-c) [z](../gone.md) [w](#gone)\n```\n[no](no.md)\n```\n",
  };
  const exists = (file: string): boolean => ["docs/a.md", "docs/b.md"].includes(file);

  it("finds dead links and anchors, and not those in code", () => {
    assert.deepEqual(
      linkFindings([a], exists).map((f) => f.what),
      ["dead link ../gone.md", "dead link #gone"],
    );
    assert.equal(anchorOf("What it is: `a` [b](c.md)"), "what-it-is-a-b");
  });

  it("finds pages that are named and aren't there", () => {
    const text = "See docs/b.md, b.md and OUTER.md; https://example.org/x.md";
    assert.deepEqual(
      mentionFindings([{ path: "src/a.ts", text }], exists).map((f) => f.what),
      ["OUTER.md doesn't exist"],
    );
  });

  it("finds what belongs to a machine, a tracker or a tool", () => {
    const samples: Readonly<Record<string, string>> = {
      "path of this checkout": `see ${ROOT}/x`,
      "path beside this checkout": `see ${path.dirname(ROOT)}/x`,
      "path of a machine": "kept in /tmp/x",
      "folder that isn't here": "see shared/x",
      "issue number": "fixes #12",
      "section of an outer document": "see § 4",
      "registry host": "https://registry.example.com/x",
      "maker's mark": "Co-Authored-By: somebody",
    };
    for (const { name } of FORBIDDEN) {
      const found = forbiddenFindings([{ path: "docs/a.md", text: samples[name] ?? "" }], []);
      assert.ok(
        found.some((f) => f.what.startsWith(name)),
        name,
      );
    }
    const plain = "A link [x](a.md#1-first), &#12; and the state in `./.rollcall`.";
    assert.deepEqual(forbiddenFindings([{ path: "docs/a.md", text: plain }], []), []);
  });
});
