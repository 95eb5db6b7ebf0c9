import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

type Fields = Readonly<Record<string, unknown>>;

/** A server of the drill's own on a free port of the loopback. */
export interface Loopback {
  readonly url: string;
  close(): Promise<void>;
}

/** Answers JSON with JSON. What `answer` throws is a 500. */
export async function openLoopback(
  answer: (path: string, body: Fields) => Promise<{ readonly status: number; readonly body: unknown }>,
): Promise<Loopback> {
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString("utf8");
    const { status, body } = await answer(
      request.url ?? "/",
      text === "" ? {} : (JSON.parse(text) as Fields),
    );
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  };
  const server = createServer((request, response) => {
    serve(request, response).catch(() => response.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
