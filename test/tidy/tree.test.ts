// The house rules, held against everything that is in the repository.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";
import { forbiddenFindings, linkFindings, mentionFindings } from "./documents.ts";
import { cycles, unreachable } from "./imports.ts";
import { matrixFindings } from "./matrix.ts";
import {
  deadExportFindings,
  docstringFindings,
  nameFindings,
  patternFindings,
  PATTERN_RULES,
  suppressionFindings,
} from "./rules.ts";
import { fileSizeFindings, functionFindings, linesOf, measureFunctions, median, SIZES } from "./sizes.ts";
import { files, read, ROOT, show, sources, type Finding } from "./tree.ts";

const src = sources("src/**/*.ts");
const tests = sources("test/**/*.{ts,js}");
const rest = sources("bench/**/*.ts", "scripts/*.{js,ts}", "ui/src/**/*.{ts,tsx}", "rollcall.js");
const all = [...src, ...tests, ...rest];
const pages = files("*.md", "docs/**/*.md", "bench/*.md", "test/**/*.md").map((file) => ({
  path: file,
  text: read(file),
}));
const exists = (file: string): boolean => existsSync(path.join(ROOT, file));

function none(findings: readonly Finding[]): void {
  assert.equal(findings.length, 0, `\n${show(findings)}`);
}

describe("layout", () => {
  it("folders import only what the matrix allows", () => none(matrixFindings(src)));

  it("no modules import each other in a circle", () => {
    assert.deepEqual(cycles(src, "types"), []);
    assert.deepEqual(cycles(all, "values"), []);
  });

  it("names are kebab-case and say something", () => {
    none(
      nameFindings(
        files("src/**/*", "test/**/*.ts", "bench/**/*", "scripts/*", "ui/**/*.{ts,tsx,css}", "docs/**/*"),
      ),
    );
  });

  it("every file is reached from an entry", () => {
    const page = files("ui/*.html").flatMap((file) =>
      [...read(file).matchAll(/src="\/?([^"]+)"/g)].map((m) => `ui/${m[1] ?? ""}`),
    );
    const commands = [...read("package.json").matchAll(/"(?:exec )?node ([\w/.-]+\.[jt]s)/g)];
    const entries = [
      ...files("test/**/*.test.ts", "test/**/main.ts", "scripts/*.{js,ts}"),
      // Programs of their own, started by hand.
      ...commands.map((m) => m[1] ?? ""),
    ];
    const program = exists("src/main.ts") ? ["src/main.ts"] : src.map((s) => s.path);
    assert.deepEqual(unreachable(all, [...program, "rollcall.js", ...entries, ...page]), []);
  });

  it(
    "every file of src is reached from the program",
    { skip: exists("src/main.ts") ? false : "src/main.ts is not there yet" },
    () => {
      assert.deepEqual(unreachable(src, ["src/main.ts"]), []);
    },
  );

  it(
    "every export of src is used by another file",
    { skip: exists("src/main.ts") ? false : "src/main.ts is not there yet" },
    () => {
      none(deadExportFindings(all));
    },
  );
});

describe("sizes", () => {
  it("no file is too long", () => none(fileSizeFindings([...src, ...rest, ...tests])));

  it("most files are short", (t) => {
    const middle = median(src.map((s) => linesOf(s.text)));
    t.diagnostic(`${src.length} files in src, median ${middle} lines`);
    assert.ok(
      middle <= SIZES.fileMedian,
      `the median of src is ${middle} lines, more than ${SIZES.fileMedian}`,
    );
  });

  it("functions are short", () => none(functionFindings(measureFunctions("src", "scripts", "bench"))));
});

describe("code", () => {
  for (const rule of PATTERN_RULES) {
    it(`no ${rule.name} in src`, () => none(patternFindings(src, rule.name)));
  }

  it("no check is switched off without a reason", () => none(suppressionFindings([...src, ...rest])));

  it("the words and the seams are explained", () => {
    none(docstringFindings(src.filter((s) => /^src\/(?:core|ports)\//.test(s.path))));
  });
});

describe("documents", () => {
  it("no link is dead", () => none(linkFindings(pages, exists)));

  it("every page that is named exists", () => {
    const comments = all.map((s) => ({ path: s.path, text: s.comments }));
    // What people are told in an error or a banner must be there too.
    const told = src.map((s) => ({
      path: s.path,
      text: [...s.uncommented.matchAll(/\bdocs\/[\w./-]+\.md/g)].join("\n"),
    }));
    none(mentionFindings([...pages, ...comments, ...told], exists));
  });

  it("nothing belongs to a machine, a tracker or a tool", () => {
    none(
      forbiddenFindings(
        pages,
        all.filter((s) => !s.path.startsWith("test/tidy/")),
      ),
    );
  });

  it("the lockfile names no host", () => {
    assert.doesNotMatch(read("package-lock.json"), /"resolved": "https?:/);
  });
});
