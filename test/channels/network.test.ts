import assert from "node:assert/strict";
import http from "node:http";
import net, { type AddressInfo, type LookupFunction } from "node:net";
import { afterEach, describe, it } from "node:test";
import { RollcallError } from "../../src/core/errors.ts";
import { createNetwork, readBody, RequestFailed, type Network } from "../../src/channels/network.ts";
import type { NetworkConfig } from "../../src/ports/channel.ts";
import { never } from "../contracts/channel-suite.ts";
import { startConnect, startSocks } from "../fakes/proxies.ts";

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function server(host: "127.0.0.1" | "::1", answer: http.RequestListener): Promise<number> {
  const listening = http.createServer(answer);
  await new Promise<void>((resolve) => listening.listen(0, host, resolve));
  closing.push(() => {
    listening.closeAllConnections();
    return new Promise((resolve) => listening.close(resolve));
  });
  return (listening.address() as AddressInfo).port;
}

const says =
  (text: string): http.RequestListener =>
  (_request, response) =>
    void response.end(text);

/** A name that means both loopbacks, as a system's resolver would answer. */
const both: LookupFunction = (_host, options, done) => {
  const all = [
    { address: "::1", family: 6 },
    { address: "127.0.0.1", family: 4 },
  ].filter(({ family }) => ((options.family ?? 0) === 0 ? true : options.family === family));
  if (options.all === true) return done(null, all);
  done(null, all[0]?.address ?? "", all[0]?.family);
};

function network(config: Partial<NetworkConfig> = {}, lookup?: LookupFunction): Network {
  const made = createNetwork({ ipFamily: "auto", ...config }, lookup);
  closing.push(async () => made.closeIdle());
  return made;
}

async function get(through: Network, url: string): Promise<string> {
  const answer = await through.request(new URL(url), { method: "GET", signal: never() });
  return (await readBody(answer, 1000)).toString();
}

const reached = (yes: boolean) => (error: unknown) => error instanceof RequestFailed && error.reached === yes;

describe("network", () => {
  it("keeps to the address family", async () => {
    const four = await server("127.0.0.1", says("four"));
    const six = await server("::1", says("six"));
    assert.equal(await get(network({ ipFamily: "4" }, both), `http://both.test:${four}/`), "four");
    assert.equal(await get(network({ ipFamily: "6" }, both), `http://both.test:${six}/`), "six");
    await assert.rejects(get(network({ ipFamily: "4" }, both), `http://both.test:${six}/`), reached(false));
    assert.equal(
      await get(network({}, both), `http://both.test:${four}/`),
      "four",
      "auto tries the one, then the other",
    );
  });

  for (const [name, start] of [
    ["SOCKS", startSocks],
    ["HTTP", startConnect],
  ] as const) {
    it(`goes through a ${name} proxy, which resolves the names`, async () => {
      const proxy = await start();
      closing.push(() => proxy.close());
      const port = await server("127.0.0.1", says("through"));
      const through = network({ proxy: proxy.url });
      assert.equal(await get(through, `http://platform.invalid:${port}/`), "through");
      assert.deepEqual(proxy.tunnels, [`platform.invalid:${port}`]);
      assert.equal(await get(through, `http://platform.invalid:${port}/`), "through");
      assert.equal(proxy.tunnels.length, 1, "the tunnel is kept");
    });

    it(`knows that nothing arrived when a ${name} proxy refuses or is gone`, async () => {
      const proxy = await start();
      const port = await server("127.0.0.1", says("no"));
      proxy.refuse();
      await assert.rejects(
        get(network({ proxy: proxy.url }), `http://platform.invalid:${port}/`),
        reached(false),
      );
      await proxy.close();
      await assert.rejects(
        get(network({ proxy: proxy.url }), `http://platform.invalid:${port}/`),
        reached(false),
      );
    });
  }

  it("resolves names itself for a SOCKS proxy when a family is set", async () => {
    const proxy = await startSocks();
    closing.push(() => proxy.close());
    const port = await server("127.0.0.1", says("through"));
    const through = network({ proxy: proxy.url, ipFamily: "4" }, both);
    assert.equal(await get(through, `http://both.test:${port}/`), "through");
    assert.deepEqual(proxy.tunnels, [`127.0.0.1:${port}`]);
  });

  it("refuses a proxy of another kind, and doesn't repeat its address", () => {
    assert.throws(
      () => createNetwork({ ipFamily: "auto", proxy: "ftp://user:secret@host" }),
      (error) =>
        error instanceof RollcallError &&
        error.code === "config-invalid" &&
        !error.message.includes("secret"),
    );
  });

  it("tells whether a failed request can have arrived", async () => {
    const port = await server("127.0.0.1", (request) => request.socket.resetAndDestroy());
    await assert.rejects(get(network(), `http://127.0.0.1:${port}/`), reached(true));
    const nobody: LookupFunction = (_host, _options, done) => done(new TypeError("no such name"), "");
    await assert.rejects(get(network({}, nobody), "http://nobody.test/"), reached(false));
    const free = await server("127.0.0.1", says(""));
    await closing.pop()?.();
    await assert.rejects(get(network(), `http://127.0.0.1:${free}/`), reached(false));
    const half = await server("127.0.0.1", (_request, response) => {
      response.writeHead(200, { "content-length": 100 });
      response.write("half", () => response.destroy());
    });
    await assert.rejects(get(network(), `http://127.0.0.1:${half}/`), reached(true));
  });

  it("ends a request at any stage when it is told to", async () => {
    const silent = net.createServer();
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const sockets: net.Socket[] = [];
    silent.on("connection", (socket) => sockets.push(socket));
    closing.push(() => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => silent.close(resolve));
    });
    const url = new URL(`http://127.0.0.1:${(silent.address() as AddressInfo).port}/`);
    const stop = new AbortController();
    const asking = network().request(url, { method: "GET", signal: stop.signal });
    while (sockets.length === 0) await new Promise((resolve) => setImmediate(resolve));
    stop.abort();
    await assert.rejects(asking, reached(true));
    await assert.rejects(network().request(url, { method: "GET", signal: stop.signal }), reached(false));
  });

  it("reads no more than it was told to", async () => {
    const port = await server("127.0.0.1", says("x".repeat(2000)));
    await assert.rejects(get(network(), `http://127.0.0.1:${port}/`), /larger than 1000/);
  });
});
