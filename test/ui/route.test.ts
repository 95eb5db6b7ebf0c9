import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { explain, mayPass, readProblem, Unreachable } from "../../ui/src/api/problem.ts";
import { ago, lasting, sizeText } from "../../ui/src/logic/times.ts";
import { readRoute, routeHref, signInCode, type Route } from "../../ui/src/state/route.ts";

void describe("addresses of the page", () => {
  void it("read what they write", () => {
    const name = fc.string({ minLength: 1, unit: "grapheme" });
    const message = fc.option(name, { nil: null });
    const route: fc.Arbitrary<Route> = fc.oneof(
      fc.record(
        { view: fc.constant("chat" as const), conversation: name, message },
        { noNullPrototype: true },
      ),
      fc.record({ view: fc.constant("status" as const), message }, { noNullPrototype: true }),
    );
    fc.assert(fc.property(route, (given) => assert.deepEqual(readRoute(routeHref(given)), given)));
  });

  void it("lead to the main conversation when they say nothing", () => {
    for (const fragment of ["", "#", "#/", "#/c", "#/c/", "#/what", "#/c/%"]) {
      assert.equal(readRoute(fragment).view, "chat", fragment);
    }
    assert.deepEqual(readRoute("#/"), { view: "chat", conversation: "main", message: null });
  });

  void it("may hold a sign-in code, and nothing else then", () => {
    assert.equal(signInCode("#code=abc_-1"), "abc_-1");
    assert.equal(signInCode("#/c/code=abc"), null);
  });
});

void describe("what the gateway says no to", () => {
  void it("may pass when it is not about the message", () => {
    assert.equal(mayPass(readProblem(503, { code: "draining", title: "x" })), true);
    assert.equal(mayPass(readProblem(429, { code: "queue-full", title: "x" })), true);
    assert.equal(mayPass(readProblem(502, "<html>a proxy's page</html>")), true);
    assert.equal(mayPass(readProblem(409, { code: "client-id-conflict", title: "x" })), false);
    assert.equal(mayPass(new TypeError("a mistake of the page")), false);
  });

  void it("is explained in one line", () => {
    const problem = readProblem(400, { code: "x", title: "Too long.", detail: "at most 5", fix: "Cut it." });
    assert.equal(explain(problem), "Too long: at most 5. Cut it.");
    assert.equal(explain(new Unreachable("x")), "The gateway can't be reached.");
  });
});

void describe("times and sizes for people", () => {
  void it("are short", () => {
    const now = Date.UTC(2026, 0, 10);
    assert.deepEqual(
      [30_000, 5 * 60_000, 3 * 3_600_000, 2 * 86_400_000].map((span) => ago(now - span, now)),
      ["now", "5m", "3h", "2d"],
    );
    assert.deepEqual(
      [30_000, 65_000, 3_780_000].map((span) => lasting(now - span, now)),
      ["less than a minute", "1m", "1h 3m"],
    );
    assert.deepEqual([12, 2048, 3 * 1024 * 1024].map(sizeText), ["12 B", "2 KB", "3.0 MB"]);
  });
});
