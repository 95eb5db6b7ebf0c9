import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { describe, it, type TestContext } from "node:test";
import { call } from "./call.ts";
import { fakeGateway, TOKEN, writePresence, type FakeGateway } from "./fake-gateway.ts";

async function gateway(t: TestContext): Promise<FakeGateway> {
  const accepted = { status: 202, body: { message: { id: "m_1", state: "queued" } } };
  const fake = await fakeGateway({ "POST /api/v1/messages": accepted });
  t.after(() => fake.remove());
  return fake;
}

describe("which gateway", () => {
  it("none, a stale one, and one that doesn't answer end with 69", async (t) => {
    const closed = await gateway(t);
    await closed.stop();
    const fake = await gateway(t);
    assert.match(
      (await call(["status", "--state", "/nowhere/at/all"])).err,
      /there is no \/nowhere\/at\/all\/gateway\.json/,
    );
    writePresence(fake.stateDir, { pid: 2 ** 22 + 1, url: fake.url });
    const stale = await call(["status", "--state", fake.stateDir]);
    assert.deepEqual([stale.exit, /\(pid 4194305\) is gone/.test(stale.err)], [69, true]);
    assert.deepEqual(fake.requests, [], "what took its port gets no token");
    writePresence(fake.stateDir, { pid: process.pid, url: closed.url });
    const silent = await call(["status", "--state", fake.stateDir]);
    assert.deepEqual([silent.exit, /\(ECONNREFUSED\)/.test(silent.err)], [69, true]);
  });

  it("that --url names is said, and gets no token of another", async (t) => {
    const [here, there] = [await gateway(t), await gateway(t)];
    const refused = await call(["send", "--no-wait", "--state", here.stateDir, "--url", there.url, "hi"]);
    assert.deepEqual([refused.exit, there.requests.length], [77, 0]);
    const env = { ROLLCALL_TOKEN: "from-env" };
    const called = await call(["--url", `${there.url}/`, "send", "--no-wait", "hi"], { env });
    assert.deepEqual(called, { exit: 0, out: "m_1\n", err: `rollcall: talking to ${there.url}\n` });
    assert.equal(there.requests[0]?.token, "from-env");
    const own = await call(["send", "--no-wait", "--state", here.stateDir, "--url", here.url, "hi"]);
    assert.deepEqual([own.exit, here.requests[0]?.token], [0, TOKEN]);
    for (const url of ["ftp://x", "127.0.0.1:80", "http://u:p@h"]) {
      assert.equal((await call(["status", "--url", url])).exit, 64, url);
    }
  });

  it("of several is said", async (t) => {
    const fake = await gateway(t);
    const home = await mkdtemp(join(tmpdir(), "rollcall-home-"));
    t.after(() => rm(home, { recursive: true, force: true }));
    const env = { ROLLCALL_STATE_DIR: fake.stateDir, XDG_STATE_HOME: join(fake.stateDir, "..") };
    assert.equal((await call(["send", "--no-wait", "hi"], { env })).err, "");
    await mkdir(join(home, "rollcall"));
    writePresence(join(home, "rollcall"), { pid: process.pid, url: fake.url });
    const several = await call(["send", "--no-wait", "hi"], { env: { ...env, XDG_STATE_HOME: home } });
    assert.equal(several.err, `rollcall: talking to ${fake.url} (state ${fake.stateDir})\n`);
  });
});
