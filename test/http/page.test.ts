import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { openRig } from "./rig.ts";

async function buildPage(t: TestContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "rollcall-page-"));
  t.after(() => rm(dir, { recursive: true, force: true }));
  await mkdir(join(dir, "dist", "assets"), { recursive: true });
  await writeFile(join(dir, "dist", "index.html"), "<!doctype html>the page");
  await writeFile(join(dir, "dist", "favicon.svg"), "<svg/>");
  await writeFile(join(dir, "dist", "assets", "index-abc123.js"), "run()");
  await writeFile(join(dir, "secret.txt"), "secret");
  await symlink(join(dir, "secret.txt"), join(dir, "dist", "link.txt"));
  return join(dir, "dist");
}

test("the page and its files are served to anybody: it signs people in itself", async (t) => {
  const rig = await openRig(t, { pageDir: await buildPage(t) });
  const page = await rig.ask({ path: "/?x=1", token: null });
  assert.deepEqual(
    [page.status, page.text, page.headers["cache-control"]],
    [200, "<!doctype html>the page", "no-store"],
  );
  assert.equal(page.headers["content-type"], "text/html; charset=utf-8");
  const script = await rig.ask({ path: "/assets/index-abc123.js", token: null });
  assert.deepEqual([script.status, script.text], [200, "run()"]);
  assert.equal(script.headers["cache-control"], "public, max-age=31536000, immutable");
  assert.equal(script.headers["content-type"], "text/javascript; charset=utf-8");
  const icon = await rig.ask({ path: "/favicon.svg", token: null });
  const again = await rig.ask({
    path: "/favicon.svg",
    token: null,
    headers: { "if-none-match": icon.headers.etag },
  });
  assert.deepEqual([again.status, again.text], [304, ""]);
});

test("nothing outside the page's folder is served", async (t) => {
  const rig = await openRig(t, { pageDir: await buildPage(t) });
  for (const path of [
    "/link.txt",
    "/../secret.txt",
    "/assets/../../secret.txt",
    "/%2e%2e/secret.txt",
    "/..%2fsecret.txt",
    "/assets",
    "/assets/",
    "//index.html",
  ]) {
    assert.equal((await rig.ask({ path, token: null })).status, 404, path);
  }
});

test("the page is served after its files are gone", async (t) => {
  const pageDir = await buildPage(t);
  const rig = await openRig(t, { pageDir });
  await rm(pageDir, { recursive: true });
  assert.equal((await rig.ask({ path: "/", token: null })).text, "<!doctype html>the page");
});

test("a page that isn't built says so, and how to build it", async (t) => {
  for (const pageDir of [null, join(tmpdir(), "rollcall-no-such-page")]) {
    const rig = await openRig(t, { pageDir });
    const told = await rig.ask({ path: "/", token: null });
    assert.equal(told.status, 200);
    assert.match(told.text, /npm run build:ui/);
    assert.ok(!/<script|style=/.test(told.text));
  }
});
