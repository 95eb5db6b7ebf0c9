import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { HEALTH_PATHS } from "../../src/http/health-paths.ts";
import { ROUTES } from "../../src/http/routes.ts";

const GUIDE = new URL("../../docs/guides/api.md", import.meta.url);

test("the guide has every path with an example, and no path that isn't there", async () => {
  const text = await readFile(GUIDE, "utf8");
  const served = [
    ...ROUTES.map(({ method, path }) => `${method} ${path}`),
    ...HEALTH_PATHS.map((path) => `GET ${path}`),
    "GET /",
  ];
  const sections = text.split(/^### /m).slice(1);
  const told = sections.flatMap((section) => {
    const names = [...(section.split("\n")[0] ?? "").matchAll(/`([A-Z]+ [^`?[]+)/g)].map(([, name = ""]) =>
      name.trim(),
    );
    assert.match(section, /```sh\n(?:.*\n)*?.*curl /, `${names.join()} has no example`);
    return names;
  });
  assert.deepEqual(told.toSorted(), served.toSorted());
});
