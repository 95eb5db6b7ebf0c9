import { Agent, request } from "node:http";
import { BenchFailed, type Endpoint } from "./program.ts";

/** Sends messages over kept connections, as a client that stays would. */
export interface Client {
  /** One message to its answer, in milliseconds. */
  ask(conversation: string, text: string): Promise<number>;
  close(): void;
}

export function createClient(endpoint: Endpoint, connections: number): Client {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const url = new URL(endpoint.path, endpoint.url);
  return {
    async ask(conversation, text) {
      const from = performance.now();
      const answer = await post(url, agent, endpoint.headers, JSON.stringify({ text, conversation }));
      const taken = performance.now() - from;
      const { message } = JSON.parse(answer) as {
        readonly message?: { readonly reply?: { readonly text?: string } | null };
      };
      if (message?.reply?.text === undefined) throw new BenchFailed(`no reply: ${answer.slice(0, 300)}`);
      return taken;
    },
    close: () => agent.destroy(),
  };
}

function post(
  url: URL,
  agent: Agent,
  headers: Readonly<Record<string, string>>,
  body: string,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const length = String(Buffer.byteLength(body));
    const options = {
      method: "POST",
      agent,
      headers: { ...headers, "content-type": "application/json", "content-length": length },
    };
    const sent = request(url, options, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        const text = Buffer.concat(chunks).toString("utf8");
        if (response.statusCode === 200) resolve(text);
        else reject(new BenchFailed(`HTTP ${response.statusCode ?? 0}: ${text.slice(0, 300)}`));
      });
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

/** Every conversation sends its next message when the last one was answered. All latencies, in order of their end. */
export async function converse(client: Client, conversations: number, messages: number): Promise<number[]> {
  const taken: number[] = [];
  const one = async (_: unknown, i: number): Promise<void> => {
    for (let n = 0; n < messages; n++) taken.push(await client.ask(`bench-${i}`, `message ${n}`));
  };
  await Promise.all(Array.from({ length: conversations }, one));
  return taken;
}
