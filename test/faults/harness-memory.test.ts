import assert from "node:assert/strict";
import { chmodSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { startRig } from "./harness-rig.ts";

/** The fake under a limit of its own memory, as a container or a unit sets it. */
const DATA_KIB = 768 * 1024;

test("a harness that runs out of memory dies alone", async (t) => {
  const rig = await startRig(t, [{ id: "main" }, { id: "well" }], {
    turn: { firstEvent: "30s", idle: "30s", total: "40s" },
    wrap(claude) {
      const limited = `${claude.command}-limited`;
      writeFileSync(limited, `#!/bin/sh\nulimit -d ${DATA_KIB}\nexec '${claude.command}' "$@"\n`);
      chmodSync(limited, 0o755);
      return limited;
    },
  });
  const [greedy, well] = await Promise.all([rig.ask("main", "fake:memory"), rig.ask("well", "hello")]);
  assert.equal(greedy.harness, "echo");
  const [end] = rig.ends("main");
  assert.equal(end?.["code"], "harness-exited");
  assert.match(well.reply?.text ?? "", /You said: hello/);
  assert.equal((await fetch(`${rig.gateway.url}/readyz`)).status, 200);
  assert.equal(await rig.gateway.stop(), 0);
  t.diagnostic(`gateway deaths 0; the harness: ${String(end?.["detail"]).slice(0, 120)}`);
});
