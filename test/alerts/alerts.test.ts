import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { IncidentId } from "../../src/core/ids.ts";
import { HOUR, MINUTE, SECOND } from "../../src/core/time.ts";
import { createAlertRig, kindsOf } from "./rig.ts";

const MISSING = { code: "harness-missing", subject: "agent/main", agent: "main" } as const;

describe("the way of an alert", () => {
  it("goes out at once by the first route, and only by it", async (t) => {
    const rig = await createAlertRig(t);
    const id = rig.center.raise(MISSING);
    await rig.pass(SECOND);
    const [first, second] = rig.routes;
    assert.deepEqual(
      first?.got.map(({ at, alert }) => [at, alert.id]),
      [[0, `${id}.1`]],
    );
    assert.equal(second?.got.length, 0);
    assert.deepEqual(rig.center.incidentOf("main"), { id, delivered: true });
    assert.deepEqual(rig.counted, [
      { name: "alerts_total", labels: { code: "harness-missing", route: "one", outcome: "delivered" } },
    ]);
    assert.deepEqual(rig.observed, [0]);
    assert.ok(rig.log.some(({ event, fields }) => event === "alert.delivered" && fields["route"] === "one"));
  });

  it("isn't called delivered before a route said so", async (t) => {
    const rig = await createAlertRig(t);
    for (const route of rig.routes) route.does = "hangs";
    const id = rig.center.raise(MISSING);
    await rig.pass(4 * SECOND);
    assert.deepEqual(rig.center.incidentOf("main"), { id, delivered: false });
    assert.equal(
      rig.log.some(({ event }) => event === "alert.delivered"),
      false,
    );
  });

  it("is hedged: the next route begins after a second without a receipt", async (t) => {
    const rig = await createAlertRig(t);
    const [first, second] = rig.routes;
    assert.ok(first && second);
    first.does = "hangs";
    rig.center.raise(MISSING);
    await rig.pass(3 * SECOND);
    assert.deepEqual(
      second.got.map(({ at }) => at),
      [SECOND],
    );
    assert.equal(rig.center.incidentOf("main")?.delivered, true);
  });

  for (const does of ["fails", "throws", "unusable"] as const) {
    it(`goes to the next route at once when the first ${does}`, async (t) => {
      const rig = await createAlertRig(t);
      const [first, second] = rig.routes;
      assert.ok(first && second);
      first.does = does;
      rig.center.raise(MISSING);
      await rig.pass(0);
      assert.deepEqual(
        second.got.map(({ at }) => at),
        [0],
      );
      const outcomes = rig.counted.map(({ labels }) => labels["outcome"]);
      assert.deepEqual(outcomes, [does === "unusable" ? "skipped" : "failed", "delivered"]);
    });
  }

  it("is kept while every route is down, and delivered once when one works again", async (t) => {
    const rig = await createAlertRig(t);
    for (const route of rig.routes) route.does = "fails";
    const id = rig.center.raise(MISSING);
    await rig.pass(5 * MINUTE);
    assert.equal(rig.center.stuck(), true);
    const tries = rig.routes[0]?.got.length ?? 0;
    assert.ok(tries > 5 && tries < 15, `${tries} rounds in five minutes`);
    const [, second] = rig.routes;
    assert.ok(second);
    second.does = "works";
    await rig.pass(MINUTE);
    assert.equal(rig.center.stuck(), false);
    assert.equal(second.got.at(-1)?.alert.id, `${id}.1`);
    const before = second.got.length;
    await rig.pass(10 * MINUTE);
    assert.equal(second.got.length, before);
  });

  it("never lets the end overtake the beginning; a way that opens for one opens for all", async (t) => {
    const rig = await createAlertRig(t, { routes: ["one"] });
    const [only] = rig.routes;
    assert.ok(only);
    only.does = "fails";
    rig.center.raise(MISSING);
    rig.center.raise({ code: "store-full", subject: "store" });
    await rig.pass(6 * HOUR);
    rig.center.resolve(MISSING.code, MISSING.subject);
    await rig.pass(MINUTE);
    only.got.length = 0;
    only.does = "works";
    await rig.pass(MINUTE);
    const main = only.got
      .filter(({ alert }) => alert.subject === "agent/main")
      .map(({ alert }) => alert.kind);
    assert.equal(main[0], "raised");
    assert.equal(main.at(-1), "resolved");
    assert.ok(main.length <= 3, `${main.length} alerts of one incident after an outage of the routes`);
    const [a, b] = [only.got[0]?.at ?? 0, only.got.find(({ alert }) => alert.subject === "store")?.at ?? 0];
    assert.ok(Math.abs(a - b) <= SECOND, "both went when the way was open");
  });

  it("that told of a beginning tells of the end, whatever came before it in the list", async (t) => {
    const rig = await createAlertRig(t, { routes: ["one", "two", "three"] });
    const [first, second, third] = rig.routes;
    assert.ok(first && second && third);
    first.does = "fails";
    rig.center.raise(MISSING);
    await rig.pass(SECOND);
    first.does = "works";
    rig.center.resolve(MISSING.code, MISSING.subject);
    await rig.pass(10 * SECOND);
    assert.deepEqual(kindsOf(second), ["raised", "resolved"]);
    assert.deepEqual(kindsOf(first), ["raised"]);
    // And when that one is gone by then, whoever works.
    rig.center.raise({ code: "store-full", subject: "store" });
    await rig.pass(SECOND);
    first.does = "unusable";
    rig.center.resolve("store-full", "store");
    await rig.pass(10 * SECOND);
    assert.deepEqual(kindsOf(second), ["raised", "resolved", "resolved"]);
    assert.deepEqual(kindsOf(third), []);
  });

  it("that told of a beginning tells of the end, however long no route worked in between", async (t) => {
    const rig = await createAlertRig(t);
    const [first, second] = rig.routes;
    assert.ok(first && second);
    first.does = "fails";
    rig.center.raise(MISSING);
    await rig.pass(SECOND);
    second.does = "fails";
    rig.center.resolve(MISSING.code, MISSING.subject);
    await rig.pass(5 * MINUTE);
    first.got.length = 0;
    first.does = second.does = "works";
    await rig.pass(MINUTE);
    assert.deepEqual(kindsOf(first), []);
    assert.equal(kindsOf(second).at(-1), "resolved");
    await rig.pass(MINUTE);
    assert.deepEqual(
      (await rig.center.list(10)).map(({ status, toldBy }) => [status, toldBy]),
      [["closed", ["two"]]],
    );
  });

  it("goes out at once when the store can't keep it, and within a second when the store hangs", async (t) => {
    const rig = await createAlertRig(t);
    const [first] = rig.routes;
    rig.storeFails = "store-full";
    rig.center.raise({ code: "store-full", subject: "store" });
    await rig.pass(0);
    assert.deepEqual(kindsOf(first), ["raised"]);
    rig.storeFails = "hangs";
    rig.center.raise(MISSING);
    await rig.pass(0);
    assert.equal(first?.got.length, 1);
    await rig.pass(SECOND);
    assert.equal(first.got.at(-1)?.alert.subject, "agent/main");
  });

  it("has no secret and no folder of this machine in it", async (t) => {
    const rig = await createAlertRig(t);
    rig.center.raise({
      ...MISSING,
      summary: "hunter2 at /home/ada/secret/claude is gone, see https://a.b/c/d",
    });
    await rig.pass(0);
    assert.equal(rig.routes[0]?.got[0]?.alert.summary, "*** at claude is gone, see https://a.b/c/d");
  });

  it("is only logged where there is no route, and nobody is said to know", async (t) => {
    const rig = await createAlertRig(t, { routes: [] });
    rig.center.raise(MISSING);
    await rig.pass(MINUTE);
    assert.equal(rig.center.incidentOf("main")?.delivered, false);
    assert.equal(rig.center.stuck(), false);
    assert.ok(rig.log.some(({ event, level }) => event === "alert.raised" && level === "error"));
  });
});

describe("the operator's desk", () => {
  it("ends reminders by an acknowledgement, over restarts too", async (t) => {
    const rig = await createAlertRig(t);
    const id = rig.center.raise(MISSING);
    await rig.pass(SECOND);
    await rig.center.acknowledge(id);
    const next = await rig.restart();
    await next.pass(2 * HOUR);
    assert.deepEqual(kindsOf(next.routes[0]), ["raised"]);
    await assert.rejects(next.center.acknowledge("i_none" as IncidentId), { code: "no-such-id" });
  });

  it("mutes for a while, over restarts too, and tells then what is still open", async (t) => {
    const rig = await createAlertRig(t);
    await rig.center.mute(HOUR);
    rig.center.raise(MISSING);
    rig.center.raise({ code: "store-full", subject: "store" });
    await rig.pass(MINUTE);
    rig.center.resolve("store-full", "store");
    await rig.pass(0);
    const next = await rig.restart();
    assert.notEqual(next.center.mutedUntil(), null);
    await next.pass(HOUR - 2 * MINUTE);
    assert.deepEqual(kindsOf(next.routes[0]), []);
    await next.pass(2 * MINUTE);
    assert.deepEqual(
      next.routes[0]?.got.map(({ alert }) => alert.subject),
      ["agent/main"],
    );
    assert.equal(next.center.mutedUntil(), null);
  });

  it("tests every route and says what each one said", async (t) => {
    const rig = await createAlertRig(t, { routes: ["one", "two", "three", "four"] });
    const [, second, third, fourth] = rig.routes;
    assert.ok(second && third && fourth);
    second.does = "fails";
    third.does = "hangs";
    fourth.does = "unusable";
    const tested = rig.center.test();
    await rig.pass(6 * SECOND);
    assert.deepEqual(
      (await tested).map(({ route, outcome, detail }) => [route, outcome, detail]),
      [
        ["one", "delivered", null],
        ["two", "failed", "it answered 500"],
        ["three", "failed", "no receipt within 5000 ms"],
        ["four", "skipped", "not connected"],
      ],
    );
    assert.deepEqual(await rig.center.list(10), []);
  });
});
