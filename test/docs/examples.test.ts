// What people copy from the documents must be a configuration that a start would take.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { parseConfig } from "../../src/config/load-config.ts";
import { BUILT_INS, HARNESS_KINDS } from "../../src/gateway/catalog.ts";
import { planAll } from "../../src/gateway/plan.ts";
import { gatherBuiltIns } from "../../src/registry/gathered.ts";
import type { Secrets } from "../../src/ports/secrets.ts";
import { files, ROOT } from "../tidy/tree.ts";

const secrets: Secrets = {
  resolve: async () => "123456:an-example-and-no-token",
  guard: () => {},
  redact: (text) => text,
};

const kinds = gatherBuiltIns(BUILT_INS).kinds();

for (const page of files("*.md", "docs/**/*.md")) {
  const text = readFileSync(path.join(ROOT, page), "utf8");
  for (const [index, match] of [...text.matchAll(/^( *)```(json5|yaml)\n([\s\S]*?)^ *```/gm)].entries()) {
    test(`${page}, example ${index + 1}`, async () => {
      const [, indent = "", language, body = ""] = match;
      const example = body.replaceAll(new RegExp(`^${indent}`, "gm"), "");
      const { config, warnings } = await parseConfig(example, language === "yaml" ? "yaml" : "json5", {
        folders: { baseDir: ROOT, workspaces: ROOT },
        kinds: { harnesses: Object.keys(HARNESS_KINDS) },
      });
      assert.deepEqual(warnings, []);
      const { unregistered } = await planAll({ config, baseDir: ROOT, secrets, kinds });
      // What plugins would bring isn't there.
      if (config.plugins.length === 0) assert.deepEqual(unregistered, []);
    });
  }
}
