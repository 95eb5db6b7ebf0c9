import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import https from "node:https";
import net, { type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import tls from "node:tls";
import { createNetwork, readBody, RequestFailed } from "../../src/channels/network.ts";
import { never } from "../contracts/channel-suite.ts";
import { startConnect, startSocks } from "../fakes/proxies.ts";

const HOST = "platform.invalid";

/** A certificate of this run; undefined where there is no program to make one. */
function makeCertificate(): { key: string; cert: string } | undefined {
  const folder = mkdtempSync(path.join(tmpdir(), "rollcall-tls-"));
  try {
    const [key, cert] = [path.join(folder, "key"), path.join(folder, "cert")];
    const subject = ["-subj", `/CN=${HOST}`, "-addext", `subjectAltName=DNS:${HOST},IP:127.0.0.1`];
    const options = [
      "req",
      "-x509",
      "-newkey",
      "rsa:2048",
      "-nodes",
      "-days",
      "2",
      "-keyout",
      key,
      "-out",
      cert,
    ];
    if (spawnSync("openssl", [...options, ...subject]).status !== 0) return undefined;
    return { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8") };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const certificate = makeCertificate();

describe(
  "network over TLS",
  { skip: certificate === undefined ? "openssl isn't here to make a certificate" : false },
  () => {
    let resets = false;
    const server = https.createServer({ ...certificate }, (request, response) => {
      if (resets) request.socket.destroy();
      else response.end("hello");
    });
    /** Takes connections and ends them before any handshake is done. */
    const broken = net.createServer((socket) => socket.once("data", () => socket.destroy()));
    const port = (of: net.Server): number => (of.address() as AddressInfo).port;
    before(async () => {
      tls.setDefaultCACertificates([...tls.getCACertificates(), certificate?.cert ?? ""]);
      for (const one of [server, broken])
        await new Promise<void>((resolve) => one.listen(0, "127.0.0.1", resolve));
    });
    after(() => {
      server.closeAllConnections();
      server.close();
      broken.close();
    });
    const proxies = {
      "no proxy": async () => ({ url: undefined, close: async () => undefined }),
      "a SOCKS proxy": startSocks,
      "an HTTP proxy": startConnect,
    } as const;
    for (const [name, start] of Object.entries(proxies)) {
      it(`knows with ${name} whether a failed request can have arrived`, async () => {
        const proxy = await start();
        const network = createNetwork({
          ipFamily: "auto",
          ...(proxy.url !== undefined && { proxy: proxy.url }),
        });
        const host = proxy.url === undefined ? "127.0.0.1" : HOST;
        const get = async (to: net.Server): Promise<string> => {
          const answer = await network.request(new URL(`https://${host}:${port(to)}/`), {
            method: "GET",
            signal: never(),
          });
          return (await readBody(answer, 100)).toString();
        };
        const reached = (yes: boolean) => (error: unknown) =>
          error instanceof RequestFailed && error.reached === yes;
        try {
          resets = false;
          await assert.rejects(get(broken), reached(false), "before the handshake is done");
          assert.equal(await get(server), "hello");
          resets = true;
          await assert.rejects(get(server), reached(true), "on a kept connection");
          await assert.rejects(get(server), reached(true), "on a new connection");
        } finally {
          network.closeIdle();
          await proxy.close();
        }
      });
    }
  },
);
