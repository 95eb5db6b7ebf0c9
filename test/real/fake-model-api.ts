import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** One piece of a scripted answer. */
export type Block =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "tool_use"; readonly name: string; readonly input: Readonly<Record<string, unknown>> };

/** What the fake service answers one request with. */
export type Answer =
  | {
      readonly kind: "blocks";
      readonly blocks: readonly Block[];
      readonly stop?: "end_turn" | "tool_use" | "refusal" | "max_tokens";
      /** Milliseconds between two pieces of a text. */
      readonly pace?: number;
    }
  | {
      readonly kind: "error";
      readonly status: number;
      readonly type: string;
      readonly message: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** The connection breaks after this much of the text. */
  | { readonly kind: "cut"; readonly text: string }
  /** Never answers, until the client goes away. */
  | { readonly kind: "hang" };

/** A request of the messages endpoint, as the program sent it. */
export interface ModelRequest {
  readonly model: string;
  readonly system: string;
  /** Text of the last user message, its blocks joined. */
  readonly said: string;
  /** Its last block alone: what an earlier turn that failed left behind stands before it. */
  readonly last: string;
  /** Everything that was said, oldest first, as `role: text`. */
  readonly history: readonly string[];
  /** Results of tools in the last user message. */
  readonly toolResults: readonly { readonly text: string; readonly isError: boolean }[];
  readonly images: number;
  readonly tools: readonly string[];
  readonly key: string | undefined;
}

export interface FakeModelApi {
  readonly url: string;
  readonly requests: readonly ModelRequest[];
  /** Decides each answer from now on. */
  answer(decide: (request: ModelRequest) => Answer): void;
  close(): Promise<void>;
}

/** Says the last user message back. */
export function echoAnswer(request: ModelRequest): Answer {
  return { kind: "blocks", blocks: [{ type: "text", text: `You said: ${request.said}` }] };
}

/** The Messages API of a model service on loopback: streams scripted answers and keeps every request. */
export async function startFakeModelApi(): Promise<FakeModelApi> {
  const requests: ModelRequest[] = [];
  let decide: (request: ModelRequest) => Answer = echoAnswer;
  const server = createServer((request, response) => {
    void serve(request, response, (parsed) => {
      requests.push(parsed);
      return decide(parsed);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    answer(next) {
      decide = next;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  decide: (request: ModelRequest) => Answer,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const path = (request.url ?? "").split("?")[0];
  if (request.method !== "POST" || path !== "/v1/messages") {
    if (path === "/v1/messages/count_tokens") return json(response, 200, { input_tokens: 10 });
    return json(response, 404, {
      type: "error",
      error: { type: "not_found_error", message: "no such path" },
    });
  }
  const body = JSON.parse(Buffer.concat(chunks).toString("utf8")) as Body;
  const header = request.headers["x-api-key"];
  const answer = decide(parseRequest(body, typeof header === "string" ? header : undefined));
  await send(response, body, answer);
}

interface Content {
  readonly type: string;
  readonly text?: string;
  readonly content?: string | readonly Content[];
  readonly is_error?: boolean;
}

interface Body {
  readonly model: string;
  readonly stream?: boolean;
  readonly system?: string | readonly Content[];
  readonly messages: readonly { readonly role: string; readonly content: string | readonly Content[] }[];
  readonly tools?: readonly { readonly name: string }[];
}

function parseRequest(body: Body, key: string | undefined): ModelRequest {
  const last = body.messages.findLast(({ role }) => role === "user");
  const content = blocksOf(last?.content);
  return {
    model: body.model,
    system: textOf(body.system),
    said: textOf(last?.content),
    last: textOf(content.filter(({ text }) => text !== undefined).slice(-1)),
    history: body.messages.map(({ role, content: said }) => `${role}: ${textOf(said)}`),
    toolResults: content
      .filter(({ type }) => type === "tool_result")
      .map((block) => ({ text: textOf(block.content), isError: block.is_error === true })),
    images: content.filter(({ type }) => type === "image").length,
    tools: (body.tools ?? []).map(({ name }) => name),
    key,
  };
}

function blocksOf(content: string | readonly Content[] | undefined): readonly Content[] {
  return typeof content === "string" ? [{ type: "text", text: content }] : (content ?? []);
}

/** What a person said, without the reminders that the program adds by itself. */
function textOf(content: string | readonly Content[] | undefined): string {
  return blocksOf(content)
    .flatMap(({ text }) => (text === undefined || text.startsWith("<system-reminder>") ? [] : [text]))
    .join("\n");
}

async function send(response: ServerResponse, body: Body, answer: Answer): Promise<void> {
  switch (answer.kind) {
    case "hang":
      return;
    case "error":
      return json(
        response,
        answer.status,
        { type: "error", error: { type: answer.type, message: answer.message } },
        answer.headers,
      );
    case "cut":
      begin(response, body.model);
      textBlock(response, 0, [answer.text]);
      await new Promise((resolve) => setImmediate(resolve));
      response.destroy();
      return;
    case "blocks":
      return sendBlocks(response, body, answer);
  }
}

const USAGE = {
  input_tokens: 100,
  output_tokens: 20,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: 0,
};

async function sendBlocks(
  response: ServerResponse,
  body: Body,
  answer: Extract<Answer, { kind: "blocks" }>,
): Promise<void> {
  const stop =
    answer.stop ?? (answer.blocks.some(({ type }) => type === "tool_use") ? "tool_use" : "end_turn");
  if (body.stream !== true) {
    return json(response, 200, {
      id: messageId(),
      type: "message",
      role: "assistant",
      model: body.model,
      content: answer.blocks.map((block) => (block.type === "text" ? block : { ...block, id: toolId() })),
      stop_reason: stop,
      stop_sequence: null,
      usage: USAGE,
    });
  }
  begin(response, body.model);
  for (const [index, block] of answer.blocks.entries()) {
    if (block.type === "tool_use") toolBlock(response, index, block);
    else await pacedText(response, index, block.text, answer.pace);
  }
  event(response, "message_delta", { delta: { stop_reason: stop, stop_sequence: null }, usage: USAGE });
  event(response, "message_stop", {});
  response.end();
}

async function pacedText(
  response: ServerResponse,
  index: number,
  text: string,
  pace: number | undefined,
): Promise<void> {
  const words = text.match(/\S+\s*/g) ?? [text];
  if (pace === undefined) return textBlock(response, index, words, true);
  event(response, "content_block_start", { index, content_block: { type: "text", text: "" } });
  for (const word of words) {
    if (response.destroyed) return;
    event(response, "content_block_delta", { index, delta: { type: "text_delta", text: word } });
    await new Promise((resolve) => setTimeout(resolve, pace));
  }
  event(response, "content_block_stop", { index });
}

function begin(response: ServerResponse, model: string): void {
  response.writeHead(200, { "content-type": "text/event-stream", "request-id": messageId() });
  event(response, "message_start", {
    message: {
      id: messageId(),
      type: "message",
      role: "assistant",
      model,
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: { ...USAGE, output_tokens: 1 },
    },
  });
}

function textBlock(response: ServerResponse, index: number, words: readonly string[], whole = false): void {
  event(response, "content_block_start", { index, content_block: { type: "text", text: "" } });
  for (const text of words)
    event(response, "content_block_delta", { index, delta: { type: "text_delta", text } });
  if (whole) event(response, "content_block_stop", { index });
}

function toolBlock(
  response: ServerResponse,
  index: number,
  { name, input }: Extract<Block, { type: "tool_use" }>,
): void {
  event(response, "content_block_start", {
    index,
    content_block: { type: "tool_use", id: toolId(), name, input: {} },
  });
  event(response, "content_block_delta", {
    index,
    delta: { type: "input_json_delta", partial_json: JSON.stringify(input) },
  });
  event(response, "content_block_stop", { index });
}

let counter = 0;
const messageId = (): string => `msg_${String(++counter).padStart(8, "0")}`;
const toolId = (): string => `toolu_${String(++counter).padStart(8, "0")}`;

function event(response: ServerResponse, type: string, data: Readonly<Record<string, unknown>>): void {
  if (!response.destroyed) response.write(`event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`);
}

function json(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
}
