import assert from "node:assert/strict";
import { once } from "node:events";
import { Agent, request, type IncomingMessage } from "node:http";
import { connect, createServer, type AddressInfo } from "node:net";
import process from "node:process";
import { test } from "node:test";
import { RollcallError } from "../../src/core/errors.ts";
import { findPortHolder, listeningInodes } from "../../src/http/port-holder.ts";
import { settle } from "../fakes/clock.ts";
import { TOKEN } from "./ask.ts";
import { openRig, type Rig } from "./rig.ts";

const PATH = "/api/v1/messages";

/** What the server says to bytes that are not quite HTTP. */
async function raw(rig: Rig, text: string): Promise<string> {
  const socket = connect(rig.port, "127.0.0.1");
  socket.on("error", () => socket.destroy());
  socket.write(text);
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  await once(socket, "close");
  return Buffer.concat(chunks).toString();
}

/** Sends a body in pieces, of a length that isn't told beforehand. */
async function pour(rig: Rig, pieces: number, headers: Record<string, string | number>): Promise<number> {
  const sent = request({
    host: "127.0.0.1",
    port: rig.port,
    path: PATH,
    method: "POST",
    agent: false,
    headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json", ...headers },
  });
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    sent.once("response", resolve);
    sent.once("error", reject);
  });
  const early = new AbortController();
  void answered.then(() => early.abort());
  const piece = Buffer.alloc(1024 * 1024, 0x20);
  for (let i = 0; i < pieces && !early.signal.aborted; i++) {
    await new Promise<void>((resolve) => void sent.write(piece, () => resolve()));
  }
  sent.end();
  const response = await answered;
  response.resume();
  return response.statusCode ?? 0;
}

test("a body beyond the limit is refused while it is read, whether its length was told or not", async (t) => {
  const rig = await openRig(t);
  assert.equal(await pour(rig, 33, {}), 413);
  assert.equal(await pour(rig, 33, { "content-length": 33 * 1024 * 1024 }), 413);
  const small = await rig.ask({
    method: "POST",
    path: "/api/v1/notify",
    body: { to: "a/b/c", text: "x".repeat(300_000) },
  });
  assert.deepEqual([small.status, small.json["code"]], [413, "request-too-large"]);
  assert.equal(rig.desk.messages.size, 0);
});

test("a body that says it is too large is refused before it comes", async (t) => {
  const rig = await openRig(t);
  const head = `POST ${PATH} HTTP/1.1\r\nHost: 127.0.0.1:${rig.port}\r\nAuthorization: Bearer ${TOKEN}\r\nConnection: close\r\n`;
  const told = await raw(rig, `${head}Content-Type: application/json\r\nContent-Length: 99000000\r\n\r\n`);
  assert.match(told, /^HTTP\/1\.1 413 /);
});

test("a body is asked for only when its caller is known", async (t) => {
  const rig = await openRig(t);
  const head = `POST ${PATH} HTTP/1.1\r\nHost: 127.0.0.1:${rig.port}\r\nContent-Type: application/json\r\nContent-Length: 12\r\nConnection: close\r\nExpect: 100-continue\r\n`;
  assert.match(await raw(rig, `${head}\r\n`), /^HTTP\/1\.1 401 /);
  const known = await raw(rig, `${head}Authorization: Bearer ${TOKEN}\r\n\r\n{"text":"x"}`);
  assert.match(known, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 202 /);
});

test("what isn't HTTP is refused in HTTP", async (t) => {
  const rig = await openRig(t);
  const host = `Host: 127.0.0.1:${rig.port}\r\n`;
  assert.match(await raw(rig, "hello\r\n\r\n"), /^HTTP\/1\.1 400 Bad Request\r\n/);
  assert.match(
    await raw(rig, `GET / HTTP/1.1\r\n${host}X: ${"x".repeat(20_000)}\r\n\r\n`),
    /^HTTP\/1\.1 431 /,
  );
  assert.match(
    await raw(rig, `GET / HTTP/1.1\r\nConnection: close\r\n${host}${host}\r\n`),
    /^HTTP\/1\.1 4(00|21) /,
  );
  assert.match(await raw(rig, "GET / HTTP/1.0\r\n\r\n"), /^HTTP\/1\.1 421 /);
  assert.match(await raw(rig, `OPTIONS * HTTP/1.1\r\nConnection: close\r\n${host}\r\n`), /^HTTP\/1\.1 400 /);
});

test("who never finishes sending is not waited for", async (t) => {
  const rig = await openRig(t, {}, { headers: 50, request: 100, checkEvery: 10 });
  const head = `POST ${PATH} HTTP/1.1\r\nHost: 127.0.0.1:${rig.port}\r\n`;
  assert.match(await raw(rig, head), /^HTTP\/1\.1 408 /);
  const known = `Authorization: Bearer ${TOKEN}\r\nContent-Type: application/json\r\nContent-Length: 12\r\n\r\n`;
  assert.match(await raw(rig, `${head}${known}{"text":`), /^(HTTP\/1\.1 408 |$)/);
  assert.equal(rig.desk.messages.size, 0);
});

test("every answer has the headers that keep browsers careful", async (t) => {
  const rig = await openRig(t);
  for (const path of ["/", "/livez", "/api/v1/status", "/nowhere"]) {
    const { headers } = await rig.ask({ path });
    assert.equal(headers["x-content-type-options"], "nosniff", path);
    assert.equal(headers["referrer-policy"], "no-referrer", path);
    assert.match(
      String(headers["content-security-policy"]),
      /^default-src 'self';.*frame-ancestors 'none'$/,
      path,
    );
    assert.equal(headers["access-control-allow-origin"], undefined, path);
    assert.equal(headers["cache-control"], "no-store", path);
  }
});

test("a thrown bug is told by its id alone, and logged in full", async (t) => {
  const rig = await openRig(t);
  rig.desk.store.messages = () => Promise.reject(new TypeError("inner /secret/path"));
  const told = await rig.ask({ path: PATH });
  assert.deepEqual([told.status, told.json["code"]], [500, "bug"]);
  assert.ok(!told.text.includes("secret") && !told.text.includes(".ts"));
  const line = rig.logged.find(({ event }) => event === "http.failed");
  assert.equal(line?.fields["id"], told.json["id"]);
  assert.equal(line?.fields["reason"], "inner /secret/path");
});

test("a port in use names who holds it", async (t) => {
  const rig = await openRig(t);
  const holder = createServer().listen(0, "127.0.0.1");
  await once(holder, "listening");
  t.after(() => holder.close());
  const { port } = holder.address() as AddressInfo;
  await rig.http.close(0);
  const error = await rig.http.listen("127.0.0.1", port).catch((thrown: unknown) => thrown);
  assert.ok(error instanceof RollcallError);
  assert.equal(error.code, "port-in-use");
  assert.ok(error.detail?.startsWith(`127.0.0.1:${port}, `), error.detail);
  if (process.platform === "linux") {
    assert.ok(error.detail?.includes(`held by process ${process.pid}`), error.detail);
    assert.equal(await findPortHolder(port), process.pid);
  }
});

test("listening sockets are found in the kernel's table", () => {
  const table = [
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode",
    "   0: 0100007F:4966 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4242 1 0000000000000000 100 0 0 10 0",
    "   1: 0100007F:4966 0100007F:D2F0 01 00000000:00000000 00:00000000 00000000  1000        0 4243 1 0000000000000000 20 4 30 10 -1",
    "   2: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 99 1 0000000000000000 100 0 0 10 0",
  ].join("\n");
  assert.deepEqual(listeningInodes(table, 18790), ["4242"]);
  assert.deepEqual(listeningInodes(table, 22), ["99"]);
  assert.deepEqual(listeningInodes("", 22), []);
});

test("an address that isn't ours can't be listened on, and that is the configuration's fault", async (t) => {
  const rig = await openRig(t);
  await rig.http.close(0);
  const error = await rig.http.listen("192.0.2.1", 0).catch((thrown: unknown) => thrown);
  assert.ok(error instanceof RollcallError);
  assert.equal(error.code, "listen-failed");
});

test("trusted proxies that are none are the configuration's fault, at their place", async (t) => {
  for (const proxy of ["proxy.example", "10.0.0.0/33", "10.0.0.0/8/8", "10.0.0.0/", "::/129", ""]) {
    const gateway = { host: "127.0.0.1", port: 0, allowedHosts: [], trustedProxies: ["::1", proxy] };
    const error = await openRig(t, { gateway }).catch((thrown: unknown) => thrown);
    assert.ok(error instanceof RollcallError, proxy);
    assert.deepEqual([error.code, error.at], ["config-invalid", "gateway.trustedProxies.1"]);
  }
});

test("closing doesn't wait for connections that clients keep", async (t) => {
  const rig = await openRig(t);
  const agent = new Agent({ keepAlive: true });
  t.after(() => agent.destroy());
  const counts = await rig.desk.store.counts();
  const gates: (() => void)[] = [];
  rig.desk.store.counts = async () => {
    await new Promise<void>((resolve) => gates.push(resolve));
    return counts;
  };
  const get = (path: string): Promise<number> =>
    new Promise((resolve, reject) => {
      const headers = { authorization: `Bearer ${TOKEN}` };
      const sent = request({ host: "127.0.0.1", port: rig.port, path, agent, headers }, (response) => {
        response.resume().on("end", () => resolve(response.statusCode ?? 0));
      });
      sent.on("error", reject).end();
    });
  assert.equal(await get("/livez"), 200);
  const finishing = get("/api/v1/health");
  while (gates.length < 1) await settle();
  const closing = rig.http.close(10_000);
  await settle();
  gates[0]?.();
  assert.equal(await finishing, 200);
  await closing;
  assert.equal(rig.clock.pending, 0);
});

test("closing lets a running request finish, and cuts it after the grace", async (t) => {
  const rig = await openRig(t);
  const counts = await rig.desk.store.counts();
  const gates: (() => void)[] = [];
  rig.desk.store.counts = async () => {
    await new Promise<void>((resolve) => gates.push(resolve));
    return counts;
  };
  const finishing = rig.ask({ path: "/api/v1/health" });
  while (gates.length < 1) await settle();
  const closing = rig.http.close(10_000);
  await settle();
  gates[0]?.();
  assert.equal((await finishing).status, 200);
  await closing;
  await assert.rejects(rig.ask({ path: "/livez" }));

  const other = await openRig(t, { store: rig.desk.store });
  const cut = other.ask({ path: "/api/v1/health" }).catch((error: unknown) => error);
  while (gates.length < 2) await settle();
  const closed = other.http.close(10_000);
  while (other.clock.pending === 0) await settle();
  await other.clock.advance(10_000);
  await closed;
  assert.ok((await cut) instanceof Error);
  gates[1]?.();
});
