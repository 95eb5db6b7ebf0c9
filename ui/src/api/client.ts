import { asList, asObject, asTextOrNull } from "./fields.ts";
import { readProblem, Unreachable } from "./problem.ts";
import { readMessage } from "./read-message.ts";
import { readReport } from "./read-report.ts";
import type { Message, Report } from "./wire.ts";

/** A file on its way, its bytes in base64. */
export interface Upload {
  readonly name: string;
  readonly mime: string;
  readonly data: string;
}

/** What is sent. The id makes a repeat the same message. */
export interface Outgoing {
  readonly id: string;
  readonly conversation: string;
  readonly agent: string | null;
  readonly text: string;
  readonly attachments: readonly Upload[];
}

export interface MessageList {
  readonly messages: readonly Message[];
  readonly cursor: string | null;
}

export type Action = "retry" | "cancel" | "rerun";

/** The gateway's API, as far as the page uses it. Every method throws `Problem` or `Unreachable`. */
export interface Api {
  messages(query: Readonly<Record<string, string>>): Promise<MessageList>;
  message(id: string): Promise<Message>;
  send(message: Outgoing): Promise<Message>;
  act(id: string, action: Action): Promise<Message>;
  report(): Promise<Report>;
  signIn(code: string): Promise<void>;
  signOut(): Promise<void>;
}

/** Longest wait for an answer to a request, in ms; a message with files gets the longer one. */
const DEADLINES = { usual: 20_000, send: 120_000 } as const;

/** @param call the browser's fetch; `url` is relative to the page, so that a page under a path works too */
export function createApi(call: typeof fetch): Api {
  const get = (path: string): Promise<unknown> => request(call, path, { method: "GET" });
  const post = (path: string, body: unknown, deadline?: number): Promise<unknown> =>
    request(
      call,
      path,
      {
        method: "POST",
        headers: { "content-type": "application/json", "x-rollcall": "1" },
        body: JSON.stringify(body),
      },
      deadline,
    );
  return {
    async messages(query) {
      const json = asObject(await get(`messages?${new URLSearchParams(query).toString()}`));
      const messages = asList(json["messages"]).flatMap((one) => readMessage(one) ?? []);
      return { messages, cursor: asTextOrNull(json["cursor"]) };
    },
    message: async (id) => only(await get(`messages/${encodeURIComponent(id)}`)),
    send: async ({ id, conversation, agent, text, attachments }) =>
      only(
        await post(
          "messages",
          {
            id,
            conversation,
            text,
            ...(agent !== null && { agent }),
            ...(attachments.length > 0 && { attachments }),
          },
          DEADLINES.send,
        ),
      ),
    act: async (id, action) => only(await post(`messages/${encodeURIComponent(id)}/${action}`, {})),
    report: async () => readReport(await get("status")),
    signIn: async (code) => void (await post("sign-in", { code })),
    signOut: async () => void (await post("sign-out", {})),
  };
}

function only(body: unknown): Message {
  const message = readMessage(asObject(body)["message"]);
  if (message === undefined) throw new Unreachable("the answer holds no message");
  return message;
}

async function request(
  call: typeof fetch,
  path: string,
  init: RequestInit,
  deadline: number = DEADLINES.usual,
): Promise<unknown> {
  let response: Response;
  let body: unknown;
  try {
    response = await call(`api/v1/${path}`, {
      ...init,
      credentials: "same-origin",
      cache: "no-store",
      signal: AbortSignal.timeout(deadline),
    });
    body = response.status === 204 ? null : await parse(response);
  } catch (error) {
    throw new Unreachable(error);
  }
  if (!response.ok) throw readProblem(response.status, body);
  return body;
}

/** The body as JSON, whatever its type claims; null when it is something else. */
async function parse(response: Response): Promise<unknown> {
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
