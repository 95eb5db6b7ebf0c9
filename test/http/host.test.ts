import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { hostAllowed, parseHost, type HostRules } from "../../src/http/host.ts";
import { openRig } from "./rig.ts";

const LOOPBACK: HostRules = { host: "127.0.0.1", port: 18790, allowedHosts: [] };
const allowed = (rules: Partial<HostRules>, host: string, local = "127.0.0.1"): boolean =>
  hostAllowed({ ...LOOPBACK, ...rules }, host, local);

test("bound on loopback, its names with the port are ours", () => {
  for (const host of ["127.0.0.1:18790", "localhost:18790", "LOCALHOST:18790", "[::1]:18790"]) {
    assert.ok(allowed({}, host), host);
  }
});

test("other names, ports and spellings are not", () => {
  const foreign = [
    "",
    "evil.com",
    "evil.com:18790",
    "127.evil.com:18790",
    "127.0.0.1.evil.com:18790",
    "localhost.:18790",
    "localhost",
    "localhost:1879",
    "localhost:018790",
    "localhost:118790",
    "2130706433:18790",
    "0x7f000001:18790",
    "0177.0.0.1:18790",
    "127.1:18790",
    "[::ffff:127.0.0.1]:18790",
    "[::ffff:7f00:1]:18790",
    "[0:0:0:0:0:0:0:1]:18790",
    "0.0.0.0:18790",
    "user@localhost:18790",
    "localhost:18790/x",
    "localhost:18790 ",
    "localhost:18790,evil.com",
    "localhost:",
    ":18790",
    "[::1",
    "::1:18790",
  ];
  for (const host of foreign) assert.ok(!allowed({}, host), host);
});

test("port 80 may be left out, as browsers do", () => {
  assert.ok(allowed({ port: 80 }, "localhost"));
  assert.ok(!allowed({ port: 443 }, "localhost"));
});

test("bound on all addresses, the one that the connection came in on is ours, and no name", () => {
  for (const host of ["0.0.0.0", "::"]) {
    assert.ok(allowed({ host }, "192.0.2.5:18790", "192.0.2.5"));
    assert.ok(allowed({ host }, "localhost:18790", "192.0.2.5"));
    assert.ok(!allowed({ host }, "192.0.2.6:18790", "192.0.2.5"));
    assert.ok(!allowed({ host }, "evil.com:18790", "192.0.2.5"));
  }
  assert.ok(allowed({ host: "::" }, "[2001:db8::5]:18790", "2001:db8::5"));
});

test("bound on another address, loopback names are nobody's", () => {
  assert.ok(allowed({ host: "192.0.2.5" }, "192.0.2.5:18790"));
  assert.ok(!allowed({ host: "192.0.2.5" }, "localhost:18790"));
});

test("the public address and allowed hosts are ours", () => {
  const publicUrl = "https://rollcall.example/";
  for (const host of ["rollcall.example", "Rollcall.example:443"])
    assert.ok(allowed({ publicUrl }, host), host);
  for (const host of ["rollcall.example:80", "x.rollcall.example"])
    assert.ok(!allowed({ publicUrl }, host), host);
  assert.ok(allowed({ publicUrl: "http://box.example:8080" }, "box.example:8080"));
  assert.ok(!allowed({ publicUrl: "http://box.example:8080" }, "box.example"));

  const allowedHosts = ["box.lan", "other.lan:81", "2001:db8::1", "*"];
  for (const host of ["box.lan", "BOX.lan:9", "other.lan:81", "[2001:db8::1]:5"])
    assert.ok(allowed({ allowedHosts }, host), host);
  for (const host of ["other.lan", "other.lan:82", "xbox.lan", "evil.com"])
    assert.ok(!allowed({ allowedHosts }, host), host);
});

test("no text but a known name is ever ours", () => {
  const known = new Set(["127.0.0.1:18790", "localhost:18790", "[::1]:18790"]);
  const near = fc.constantFrom(
    "127.0.0.1",
    "localhost",
    "[::1]",
    ":",
    "18790",
    ".",
    "@",
    "/",
    "evil",
    "%",
    " ",
    "\0",
    "::ffff:",
  );
  const text = fc.oneof(
    fc.string(),
    fc.array(near, { maxLength: 6 }).map((parts) => parts.join("")),
  );
  fc.assert(
    fc.property(text, (host) => {
      assert.equal(allowed({}, host), known.has(host.toLowerCase()));
      const parsed = parseHost(host);
      if (parsed !== undefined)
        assert.doesNotThrow(() => new URL(`http://${parsed.name.startsWith("[") ? "[::1]" : "x"}`));
    }),
    { numRuns: 2000, seed: 7 },
  );
});

test("a request under a foreign name is refused before anything else, but not the health paths", async (t) => {
  const rig = await openRig(t);
  for (const path of ["/", "/api/v1/status", "/metrics", "/nowhere"]) {
    const told = await rig.ask({ path, headers: { host: "evil.com" } });
    assert.deepEqual([told.status, told.json["code"]], [421, "host-refused"], path);
  }
  assert.equal((await rig.ask({ path: "/livez", headers: { host: "evil.com" } })).status, 200);
  assert.equal((await rig.ask({ path: "/api/v1/status" })).status, 200);
});

test("X-Forwarded-Host counts only from a trusted proxy", async (t) => {
  const gateway = { host: "127.0.0.1", port: 0, publicUrl: "https://rollcall.example", allowedHosts: [] };
  const headers = { host: "inner.example", "x-forwarded-host": "rollcall.example" };
  const open = await openRig(t, { gateway: { ...gateway, trustedProxies: ["192.0.2.0/24"] } });
  assert.equal((await open.ask({ path: "/api/v1/status", headers })).status, 421);
  const trusting = await openRig(t, { gateway: { ...gateway, trustedProxies: ["127.0.0.0/8"] } });
  assert.equal((await trusting.ask({ path: "/api/v1/status", headers })).status, 200);
  const forged = { host: "rollcall.example", "x-forwarded-host": "evil.com" };
  assert.equal((await trusting.ask({ path: "/api/v1/status", headers: forged })).status, 421);
});
