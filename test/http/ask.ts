import { request, type IncomingHttpHeaders, type OutgoingHttpHeaders } from "node:http";

/** One request over a connection of its own, with every header as the test writes it. */
export interface Ask {
  readonly method?: string;
  readonly path: string;
  readonly headers?: OutgoingHttpHeaders;
  /** Sent as JSON, unless it is text. */
  readonly body?: unknown;
  readonly token?: string | null;
}

export interface Told {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The body as JSON; undefined when it isn't. */
  readonly json: Readonly<Record<string, unknown>>;
}

export const TOKEN = "the-token-of-the-tests";

export async function ask(port: number, ask: Ask): Promise<Told> {
  const body = ask.body === undefined || typeof ask.body === "string" ? ask.body : JSON.stringify(ask.body);
  const headers: OutgoingHttpHeaders = {
    ...(body !== undefined && {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(body),
    }),
    ...(ask.token !== null && { authorization: `Bearer ${ask.token ?? TOKEN}` }),
    ...ask.headers,
  };
  return new Promise<Told>((resolve, reject) => {
    const sent = request(
      { host: "127.0.0.1", port, method: ask.method ?? "GET", path: ask.path, headers, agent: false },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => {
          const text = Buffer.concat(chunks).toString();
          const isJson = response.headers["content-type"]?.includes("json") === true && text !== "";
          const json = (isJson ? JSON.parse(text) : {}) as Told["json"];
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text, json });
        });
      },
    );
    sent.on("error", reject);
    sent.end(body);
  });
}
