import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import process from "node:process";
import { after, describe, it } from "node:test";
import { oldNode, run, standIn, type Running } from "./stand-in.ts";

const place = standIn({ runtime: true });
const bare = standIn({ runtime: false });
after(() => {
  place.remove();
  bare.remove();
});

const old = oldNode();
const nodes = [
  { name: "on a Node that is new enough", node: process.execPath, skip: false as const },
  { name: "on an older Node", node: old ?? "", skip: old === undefined && "the system has no older Node" },
];

function launch(node: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Running {
  return run(node, ["rollcall.js", ...args], place.dir, env);
}

/** Waits for the stand-in to be there; its process id. */
async function up(running: Running): Promise<number> {
  const line = await running.line();
  const [, pid = "", major] = /^up (\d+) (\d+)$/.exec(line ?? "") ?? [];
  assert.equal(major, process.versions.node.split(".")[0], "the program runs on the installed runtime");
  return Number(pid);
}

for (const { name, node, skip } of nodes) {
  describe(`the launcher ${name}`, { skip }, () => {
    it("passes words and standard input on, and exit codes back", async () => {
      const words = launch(node, ["args", "--x", "a b", "-"]);
      assert.equal(await words.line(), '["args","--x","a b","-"]');
      assert.equal((await words.ended).code, 0);
      const reading = launch(node, ["read"]);
      reading.child.stdin.end("from outside\n");
      assert.equal(await reading.line(), "from outside");
      assert.equal((await reading.ended).code, 0);
      for (const code of [0, 1, 69, 78])
        assert.equal((await launch(node, ["exit", String(code)]).ended).code, code);
    });

    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      it(`passes ${signal} on, and waits for the program to end`, async () => {
        const running = launch(node, ["wait", "7"]);
        await up(running);
        running.child.kill(signal);
        assert.equal(await running.line(), `stop ${signal}`);
        assert.deepEqual(await running.ended, { code: 7, signal: null, err: "" });
      });
    }

    it("passes a second signal on, which ends the program at once, in words", async () => {
      const running = launch(node, ["stay"]);
      await up(running);
      running.child.kill("SIGTERM");
      assert.equal(await running.line(), "stop SIGTERM");
      running.child.kill("SIGTERM");
      const { code, err } = await running.ended;
      assert.equal(code, 1);
      assert.match(err, /^rollcall: stopped at once by a second signal.*\n$/);
    });

    it("passes SIGHUP on, which ends nothing", async () => {
      const running = launch(node, ["wait", "0"]);
      await up(running);
      running.child.kill("SIGHUP");
      await new Promise((resolve) => running.child.stderr.once("data", resolve));
      running.child.kill("SIGTERM");
      assert.match((await running.ended).err, /^asked to reload\n/);
    });

    it("ends as the program was ended", async () => {
      const running = launch(node, ["wait", "0"]);
      process.kill(await up(running), "SIGKILL");
      assert.equal((await running.ended).signal, "SIGKILL");
    });

    it("leaves no orphan when it is killed outright", async () => {
      const running = launch(node, ["wait", "0"]);
      const pid = await up(running);
      running.child.kill("SIGKILL");
      // Where it runs the program within itself, both are gone at once; else the program sees it, stops and closes the pipe.
      const line = await running.line();
      if (pid !== running.child.pid) assert.equal(line, "stop the launcher is gone");
      assert.equal(await running.line(), undefined);
      await running.ended;
    });

    it("sees that npm is gone, when npm is killed outright", async () => {
      const script = '"$0" rollcall.js wait 0; exit $?';
      const shell = run("/bin/sh", ["-c", script, node], place.dir, { npm_lifecycle_event: "start" });
      await up(shell);
      shell.child.kill("SIGKILL");
      assert.match((await shell.line()) ?? "", /^stop the (?:parent process|launcher) is gone$/);
      assert.equal(await shell.line(), undefined);
    });
  });
}

describe(
  "the launcher without its runtime",
  { skip: old === undefined && "the system has no older Node" },
  () => {
    it("says in one line what to install", async () => {
      const { code, err } = await run(old ?? "", ["rollcall.js", "exit", "0"], bare.dir).ended;
      assert.equal(code, 69);
      assert.match(err, /^rollcall: needs Node 24 or newer, and this is v\d+[^\n]*npm ci[^\n]*\n$/);
    });

    it("doesn't go round in circles", async () => {
      const { code, err } = await run(old ?? "", ["rollcall.js"], place.dir, { ROLLCALL_LAUNCHED: "1" })
        .ended;
      assert.equal(code, 69);
      assert.match(err, /^rollcall: the installed runtime is Node /);
    });
  },
);

const npm = spawnSync("npm", ["--version"], { encoding: "utf8" }).status === 0;
describe("npm start", { skip: !npm && "there is no npm" }, () => {
  const start = (args: readonly string[]): Running =>
    run("npm", ["start", "--silent", "--", ...args], place.dir);

  it("passes SIGTERM on and the exit code back", async () => {
    const running = start(["wait", "75"]);
    await up(running);
    running.child.kill("SIGTERM");
    assert.equal(await running.line(), "stop SIGTERM");
    assert.equal((await running.ended).code, 75);
  });

  it("killed outright stops the program", async () => {
    const running = start(["wait", "0"]);
    await up(running);
    running.child.kill("SIGKILL");
    assert.equal(await running.line(), "stop the parent process is gone");
    assert.equal(await running.line(), undefined);
  });
});
