import { Agent, request } from "node:http";
import { BenchFailed, type Endpoint } from "./program.ts";

/** Sends messages over kept connections, as a client that stays would. */
export interface Client {
  /** One message to its answer, in milliseconds. */
  ask(conversation: string, text: string): Promise<number>;
  /** One message to its confirmation, in milliseconds. */
  tell(conversation: string, text: string): Promise<number>;
  close(): void;
}

export function createClient(endpoint: Endpoint, connections: number): Client {
  const agent = new Agent({ keepAlive: true, maxSockets: connections, maxFreeSockets: connections });
  const url = new URL(endpoint.path, endpoint.url);
  const confirmUrl = new URL(url.pathname, url);
  return {
    async ask(conversation, text) {
      const from = performance.now();
      const body = JSON.stringify({ text, conversation });
      const answer = await post(url, agent, { headers: endpoint.headers, body, status: 200 });
      const taken = performance.now() - from;
      const { message } = JSON.parse(answer) as {
        readonly message?: { readonly reply?: { readonly text?: string } | null };
      };
      if (message?.reply?.text === undefined) throw new BenchFailed(`no reply: ${answer.slice(0, 300)}`);
      return taken;
    },
    async tell(conversation, text) {
      const from = performance.now();
      const body = JSON.stringify({ text, conversation });
      await post(confirmUrl, agent, { headers: endpoint.headers, body, status: 202 });
      return performance.now() - from;
    },
    close: () => agent.destroy(),
  };
}

interface Asked {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** The only one that is right. */
  readonly status: number;
}

function post(url: URL, agent: Agent, { headers, body, status }: Asked): Promise<string> {
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
        if (response.statusCode === status) resolve(text);
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

/** Each of so many clients sends its next message when its last one was confirmed. All latencies. */
export async function confirmAll(
  client: Client,
  load: { readonly clients: number; readonly conversations: number; readonly messages: number },
): Promise<number[]> {
  const taken: number[] = [];
  let next = 0;
  const one = async (): Promise<void> => {
    while (next < load.messages) {
      const n = next++;
      taken.push(await client.tell(`bench-${n % load.conversations}`, `message ${n}`));
    }
  };
  await Promise.all(Array.from({ length: load.clients }, one));
  return taken;
}

/**
 * Sends messages at a fixed pace, whether the ones before were confirmed or not, and returns how long after its time
 * each one was confirmed: a server that stands still is charged with everything that it kept waiting.
 */
export function offer(
  client: Client,
  load: { readonly perSecond: number; readonly conversations: number; readonly messages: number },
): Promise<number[]> {
  const taken: number[] = [];
  const from = performance.now();
  let next = 0;
  return new Promise((resolve, reject) => {
    const send = async (n: number): Promise<void> => {
      const due = from + (n * 1000) / load.perSecond;
      await client.tell(`bench-${n % load.conversations}`, `message ${n}`);
      taken.push(performance.now() - due);
      if (taken.length === load.messages) resolve(taken);
    };
    const tick = (): void => {
      const due = Math.floor(((performance.now() - from) * load.perSecond) / 1000);
      while (next <= due && next < load.messages) send(next++).catch(reject);
      if (next < load.messages) setTimeout(tick, 1);
    };
    tick();
  });
}
