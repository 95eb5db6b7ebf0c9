// A receiver of alerts: keeps what it is posted, and can be made to fail, to hang or to be gone.
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";

export interface Posted {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** The JSON body; empty for a GET. */
  readonly json: Readonly<Record<string, unknown>>;
  /** Monotonic, in milliseconds. */
  readonly at: number;
}

export interface FakeWebhook {
  readonly url: string;
  readonly got: readonly Posted[];
  /** Status of every answer; 0 never answers. */
  status: number;
  /** What was posted with this severity. */
  of(severity: string): readonly Posted[];
  /** Resolves when one came that fits. */
  next(fits: (posted: Posted) => boolean): Promise<Posted>;
  close(): Promise<void>;
}

export async function startWebhook(t: Pick<TestContext, "after">, port = 0): Promise<FakeWebhook> {
  const got: Posted[] = [];
  const waiting = new Set<() => void>();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const text = Buffer.concat(chunks).toString("utf8");
      got.push({
        method: request.method ?? "",
        path: request.url ?? "",
        headers: request.headers,
        json: text === "" ? {} : (JSON.parse(text) as Posted["json"]),
        at: performance.now(),
      });
      for (const look of waiting) look();
      if (hook.status !== 0) response.writeHead(hook.status).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const hook: FakeWebhook = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    got,
    status: 204,
    of: (severity) => got.filter(({ json }) => json["severity"] === severity),
    next: (fits) =>
      new Promise((resolve) => {
        const look = (): void => {
          const found = got.find(fits);
          if (found === undefined) return;
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
      }),
    close: () => closeServer(server),
  };
  t.after(() => closeServer(server));
  return hook;
}

function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}
