import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MINUTE, SECOND } from "../../src/core/time.ts";
import { createAlertRig, kindsOf } from "./rig.ts";

const MISSING = { code: "harness-missing", subject: "agent/main", agent: "main" } as const;

describe("an incident over restarts", () => {
  it("is one: what was told isn't told again, and its end is told by the next gateway", async (t) => {
    const rig = await createAlertRig(t);
    const id = rig.center.raise(MISSING);
    await rig.pass(SECOND);
    const next = await rig.restart();
    assert.equal(next.center.raise(MISSING), id);
    await next.pass(2 * SECOND);
    assert.deepEqual(kindsOf(next.routes[0]), ["raised"]);
    next.center.resolve(MISSING.code, MISSING.subject);
    await next.pass(2 * MINUTE);
    assert.deepEqual(kindsOf(next.routes[0]), ["raised", "resolved"]);
    const third = await next.restart();
    await third.pass(SECOND);
    assert.deepEqual(third.center.open(), []);
    assert.notEqual(third.center.raise(MISSING), id);
  });

  it("is told by the next gateway when this one could not", async (t) => {
    const rig = await createAlertRig(t, { routes: ["one"] });
    const [only] = rig.routes;
    assert.ok(only);
    only.does = "fails";
    const id = rig.center.raise(MISSING);
    await rig.pass(SECOND);
    await rig.center.stop(0);
    only.got.length = 0;
    only.does = "works";
    const next = await rig.restart();
    await next.pass(SECOND);
    assert.deepEqual(
      only.got.map(({ alert }) => alert.id),
      [`${id}.1`],
    );
    assert.equal(next.center.incidentOf("main")?.delivered, true);
  });

  it("is kept by the spool while the store can't, and moves to the store later", async (t) => {
    const rig = await createAlertRig(t, { routes: ["one"] });
    const [only] = rig.routes;
    assert.ok(only);
    rig.storeFails = "store-full";
    only.does = "fails";
    const id = rig.center.raise({ code: "store-full", subject: "store" });
    await rig.pass(SECOND);
    assert.deepEqual(
      rig.spool.entries().map(({ incident, alert }) => [incident.id, alert?.alert.id]),
      [[id, `${id}.1`]],
    );
    // Killed, with the disk still full: the next gateway knows, and tells.
    only.does = "works";
    only.got.length = 0;
    const next = await rig.restart();
    next.storeFails = "store-full";
    await next.pass(2 * SECOND);
    assert.deepEqual(kindsOf(only), ["raised"]);
    assert.equal(next.center.raise({ code: "store-full", subject: "store" }), id);
    next.storeFails = null;
    next.center.resolve("store-full", "store");
    await next.pass(2 * MINUTE);
    assert.deepEqual(kindsOf(only), ["raised", "resolved"]);
    assert.deepEqual(next.spool.entries(), []);
    assert.deepEqual(
      (await next.center.list(10)).map((incident) => [incident.id, incident.status]),
      [[id, "closed"]],
    );
  });
});
