import assert from "node:assert/strict";
import { test } from "node:test";
import { hashSecret } from "../../src/http/hash-secret.ts";
import { readCookie } from "../../src/http/auth.ts";
import type { Told } from "./ask.ts";
import { openRig, type Rig } from "./rig.ts";

const codeOf = (url: string): string => new URL(url).hash.replace("#code=", "");
const signIn = (rig: Rig, code: string, headers: Record<string, string> = {}): Promise<Told> =>
  rig.ask({ method: "POST", path: "/api/v1/sign-in", token: null, body: { code }, headers });
const cookieOf = (told: Told): string =>
  told.headers["set-cookie"]?.[0]?.split(";")[0] ?? assert.fail("no cookie");
const originOf = (rig: Rig): string => `http://127.0.0.1:${rig.port}`;

test("a request needs a token that is known", async (t) => {
  const rig = await openRig(t);
  const statusOf = async (authorization: string | undefined): Promise<number> => {
    const headers = authorization === undefined ? {} : { authorization };
    return (await rig.ask({ path: "/api/v1/status", token: null, headers })).status;
  };
  assert.equal(await statusOf("Bearer the-token-of-the-tests"), 200);
  assert.equal(await statusOf("bearer the-token-of-the-tests"), 200);
  const refused = [
    undefined,
    "",
    "Bearer",
    "Bearer ",
    "Bearer the-token-of-the-test",
    "Bearer x the-token-of-the-tests",
    "Basic dGhlOnRva2Vu",
    `Bearer ${hashSecret("the-token-of-the-tests")}`,
  ];
  for (const authorization of refused) assert.equal(await statusOf(authorization), 401, authorization);
  const told = await rig.ask({ path: "/api/v1/status", token: "wrong" });
  assert.deepEqual(
    [told.json["code"], told.headers["www-authenticate"]],
    ["unauthorized", 'Bearer realm="rollcall"'],
  );
  assert.ok(!JSON.stringify(rig.logged).includes("wrong"));
});

test("every path of the API but the sign-in asks who is there", async (t) => {
  const { ROUTES } = await import("../../src/http/routes.ts");
  const rig = await openRig(t, {
    gateway: {
      host: "127.0.0.1",
      port: 0,
      publicUrl: "https://x.example",
      allowedHosts: [],
      trustedProxies: [],
    },
  });
  for (const { method, path } of ROUTES) {
    if (path === "/api/v1/sign-in") continue;
    const told = await rig.ask({ method, path: path.replace(/:\w+/g, "x"), token: null });
    assert.equal(told.status, 401, `${method} ${path}`);
  }
  assert.deepEqual(rig.desk.did, []);
});

test("tokens are made once, work, are listed without themselves, and are revoked", async (t) => {
  const rig = await openRig(t);
  const made = await rig.ask({ method: "POST", path: "/api/v1/tokens", body: { name: "phone" } });
  assert.equal(made.status, 201);
  const token = String(made.json["token"]);
  assert.equal((await rig.ask({ path: "/api/v1/status", token })).status, 200);
  const list = await rig.ask({ path: "/api/v1/tokens", token });
  assert.deepEqual(list.json["tokens"], [
    { id: made.json["id"], name: "phone", createdAt: made.json["createdAt"] },
  ]);
  assert.ok(!list.text.includes(token) && !list.text.includes(hashSecret(token)));
  const path = `/api/v1/tokens/${String(made.json["id"])}`;
  assert.equal((await rig.ask({ method: "DELETE", path })).status, 204);
  assert.equal((await rig.ask({ method: "DELETE", path })).status, 404);
  assert.equal((await rig.ask({ path: "/api/v1/status", token })).status, 401);
});

test("a link signs the page in once", async (t) => {
  const rig = await openRig(t);
  const made = await rig.ask({ method: "POST", path: "/api/v1/links" });
  const url = String(made.json["url"]);
  assert.ok(url.startsWith(`${originOf(rig)}/#code=`), url);
  assert.equal(made.json["expiresAt"], "2026-01-01T00:10:00.000Z");
  const told = await signIn(rig, codeOf(url), { origin: originOf(rig) });
  assert.equal(told.status, 204);
  assert.match(
    told.headers["set-cookie"]?.[0] ?? "",
    /^rollcall_test=[^;]+; HttpOnly; SameSite=Lax; Path=\/; Max-Age=2592000$/,
  );
  const cookie = cookieOf(told);
  assert.equal((await rig.ask({ path: "/api/v1/status", token: null, headers: { cookie } })).status, 200);
  const again = await signIn(rig, codeOf(url));
  assert.deepEqual([again.status, again.json["code"]], [403, "link-expired"]);
  assert.ok(
    !JSON.stringify([...rig.desk.notes]).includes(cookie.split("=")[1] ?? "?"),
    "only a hash is kept",
  );
});

test("a link is good for ten minutes, and only the newest twenty are", async (t) => {
  const rig = await openRig(t);
  const late = rig.http.link();
  await rig.clock.advance(10 * 60_000 + 1);
  assert.equal((await signIn(rig, codeOf(late))).status, 403);
  const links = Array.from({ length: 21 }, () => rig.http.link());
  assert.equal((await signIn(rig, codeOf(links[0] ?? ""))).status, 403);
  assert.equal((await signIn(rig, codeOf(links[1] ?? ""))).status, 204);
});

test("guesses are counted, and a right code works all the same", async (t) => {
  const rig = await openRig(t);
  const url = rig.http.link();
  const statuses: number[] = [];
  for (let i = 0; i < 12; i++) statuses.push((await signIn(rig, `guess-${i}`)).status);
  assert.deepEqual(statuses, [...Array<number>(10).fill(403), 429, 429]);
  assert.equal((await signIn(rig, codeOf(url))).status, 204);
  await rig.clock.advance(60_000);
  assert.equal((await signIn(rig, "guess")).status, 403);
});

test("another site can't sign somebody in", async (t) => {
  const rig = await openRig(t);
  const told = await signIn(rig, codeOf(rig.http.link()), { origin: "https://evil.com" });
  assert.deepEqual([told.status, told.json["code"]], [403, "csrf-refused"]);
});

test("a session is kept across a restart, for thirty days, and at most fifty are", async (t) => {
  const rig = await openRig(t);
  const cookies: string[] = [];
  for (let i = 0; i < 51; i++) cookies.push(cookieOf(await signIn(rig, codeOf(rig.http.link()))));
  const statusOf = async (of: Rig, cookie: string | undefined): Promise<number> =>
    (await of.ask({ path: "/api/v1/status", token: null, headers: { cookie: `other=1; ${cookie}` } })).status;
  assert.equal(await statusOf(rig, cookies[0]), 401);
  const next = await openRig(t, { store: rig.desk.store, clock: rig.clock });
  assert.equal(await statusOf(next, cookies[1]), 200);
  await rig.clock.advance(30 * 24 * 3600_000);
  assert.equal(await statusOf(next, cookies[1]), 401);
});

test("signing out ends the session", async (t) => {
  const rig = await openRig(t);
  const cookie = cookieOf(await signIn(rig, codeOf(rig.http.link())));
  const headers = { cookie, origin: originOf(rig), "x-rollcall": "1" };
  const out = await rig.ask({ method: "POST", path: "/api/v1/sign-out", token: null, headers });
  assert.equal(out.status, 204);
  assert.match(out.headers["set-cookie"]?.[0] ?? "", /^rollcall_test=; .*Max-Age=0$/);
  assert.equal((await rig.ask({ path: "/api/v1/status", token: null, headers })).status, 401);
});

test("a write by cookie needs the exact origin and the header; a token needs neither", async (t) => {
  const rig = await openRig(t);
  const cookie = cookieOf(await signIn(rig, codeOf(rig.http.link())));
  const origin = originOf(rig);
  const write = async (headers: Record<string, string>): Promise<unknown> => {
    const told = await rig.ask({
      method: "POST",
      path: "/api/v1/messages",
      token: null,
      body: { text: "x" },
      headers: { cookie, ...headers },
    });
    return told.status === 202 ? 202 : told.json["code"];
  };
  assert.equal(await write({ origin, "x-rollcall": "1" }), 202);
  assert.equal(await write({ "x-rollcall": "1" }), "csrf-refused");
  assert.equal(await write({ origin }), "csrf-refused");
  assert.equal(await write({ origin, "x-rollcall": "yes" }), "csrf-refused");
  for (const foreign of [
    "null",
    "https://evil.com",
    `${origin}.evil.com`,
    origin.replace("http:", "https:"),
    `http://127.0.0.1`,
    `http://localhost:${rig.port}`,
  ]) {
    assert.equal(await write({ origin: foreign, "x-rollcall": "1" }), "csrf-refused", foreign);
  }
  assert.equal(rig.desk.messages.size, 1);
  const host = `localhost:${rig.port}`;
  assert.equal(await write({ host, origin: `http://${host}`, "x-rollcall": "1" }), 202);
});

test("behind a proxy the public address is the page's origin, and its cookie is secure", async (t) => {
  const publicUrl = "https://rollcall.example";
  const gateway = { host: "127.0.0.1", port: 0, publicUrl, allowedHosts: [], trustedProxies: [] };
  const rig = await openRig(t, { gateway });
  const url = rig.http.link();
  assert.ok(url.startsWith(`${publicUrl}/#code=`));
  const headers = { host: "rollcall.example", origin: publicUrl };
  const told = await signIn(rig, codeOf(url), headers);
  assert.match(told.headers["set-cookie"]?.[0] ?? "", /; Secure$/);
  const sent = await rig.ask({
    method: "POST",
    path: "/api/v1/messages",
    token: null,
    body: { text: "x" },
    headers: { ...headers, cookie: cookieOf(told), "x-rollcall": "1" },
  });
  assert.equal(sent.status, 202);
});

test("behind a trusted proxy without a public address, its forwarded scheme and host make the origin", async (t) => {
  const gateway = { host: "127.0.0.1", port: 0, allowedHosts: ["box.lan"], trustedProxies: ["127.0.0.1"] };
  const rig = await openRig(t, { gateway });
  const headers = {
    host: "127.0.0.1",
    "x-forwarded-host": "box.lan",
    "x-forwarded-proto": "https",
    origin: "https://box.lan",
  };
  assert.equal((await signIn(rig, codeOf(rig.http.link()), headers)).status, 204);
  assert.equal(
    (await signIn(rig, codeOf(rig.http.link()), { ...headers, "x-forwarded-proto": "http" })).status,
    403,
  );
});

test("metrics are open to a local scraper, unless the gateway is published", async (t) => {
  const statusOf = async (more: object, token: string | null): Promise<number> => {
    const gateway = { host: "127.0.0.1", port: 0, allowedHosts: [], trustedProxies: [], ...more };
    const rig = await openRig(t, { gateway });
    return (await rig.ask({ path: "/metrics", ...(token === null && { token }) })).status;
  };
  assert.equal(await statusOf({}, null), 200);
  assert.equal(await statusOf({ publicUrl: "https://x.example" }, null), 401);
  assert.equal(await statusOf({ trustedProxies: ["192.0.2.1"] }, null), 401);
  assert.equal(await statusOf({ trustedProxies: ["192.0.2.1"] }, "with"), 200);
});

test("cookies are read by their whole name", () => {
  assert.equal(readCookie("a=1; rollcall_x=two=2; b=3", "rollcall_x"), "two=2");
  assert.equal(readCookie("xrollcall_x=1; rollcall_xy=2", "rollcall_x"), undefined);
});
