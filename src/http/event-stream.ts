import type { ServerResponse } from "node:http";
import { formatAddress } from "../core/address.ts";
import { isCanaryConversation } from "../core/canary.ts";
import type { GatewayEvent } from "../ports/events.ts";
import { withStandardHeaders, type Answer } from "./answer.ts";
import { readQuery } from "./fields.ts";
import { HTTP_LIMITS } from "./limits.ts";
import { conversationOf } from "./messages.ts";
import type { Call, Context } from "./router.ts";

/**
 * `GET /api/v1/events`: server-sent events. A watcher holds only its place in the ring of events, never a queue of
 * its own: a slow one reads on from its place when its connection takes bytes again, is told to start anew when the
 * ring has moved past it, and is dropped when it takes nothing for long.
 */
export async function streamEvents(context: Context, call: Call): Promise<Answer | null> {
  const given = readQuery(call.query, ["conversation", "lastEventId"]);
  const header = call.request.headers["last-event-id"];
  const from = typeof header === "string" && header !== "" ? header : given["lastEventId"];
  const wanted = given["conversation"] === undefined ? null : namesOf(given["conversation"]);
  const headers = { "content-type": "text/event-stream; charset=utf-8", "x-accel-buffering": "no" };
  if (call.head) return { status: 200, headers };
  const { response } = call;
  // Each event is a packet of its own: nothing is gained by waiting for more.
  response.socket?.setNoDelay(true);
  response.writeHead(200, withStandardHeaders(headers));
  await watch(context, call, { from, wants: (event) => wants(event, wanted) });
  response.end();
  return null;
}

function namesOf(conversation: string): readonly string[] {
  const address = conversationOf(conversation);
  return [conversation, address.conversation, formatAddress(address)];
}

function wants(event: GatewayEvent, names: readonly string[] | null): boolean {
  if (event.type === "status") return true;
  return names === null ? !isCanaryConversation(event.conversation) : names.includes(event.conversation);
}

interface Watch {
  readonly from: string | undefined;
  readonly wants: (event: GatewayEvent) => boolean;
}

/** Resolves when the client has gone, was dropped, may no longer ask, or the server closes. */
async function watch(context: Context, call: Call, options: Watch): Promise<void> {
  const { events, clock } = context.deps;
  let wake = new AbortController();
  const rouse = (): void => wake.abort();
  const unsubscribe = events.subscribe(rouse);
  call.signal.addEventListener("abort", rouse);
  let place = options.from ?? events.latest();
  let checked = clock.monotonic();
  try {
    // A place to come back to, before anything has happened.
    if (options.from === undefined) await write(context, call, `id: ${place}\n\n`);
    while (!call.signal.aborted) {
      wake = new AbortController();
      if (clock.monotonic() - checked >= HTTP_LIMITS.heartbeat) {
        // A token that was revoked, or a session that was ended, sees no more.
        if (!(await call.stillAllowed())) return;
        checked = clock.monotonic();
      }
      const news = events.since(place);
      if (news === undefined) {
        place = events.latest();
        await write(context, call, `id: ${place}\nevent: reset\ndata: {}\n\n`);
        continue;
      }
      for (const { id, event } of news) {
        place = id;
        if (options.wants(event)) await write(context, call, render(context, id, event));
        if (call.signal.aborted) return;
      }
      if (news.length > 0) continue;
      const quietUntil = clock.monotonic() + HTTP_LIMITS.heartbeat;
      await clock.sleep(HTTP_LIMITS.heartbeat, wake.signal);
      if (clock.monotonic() >= quietUntil) await write(context, call, ": heartbeat\n\n");
    }
  } finally {
    unsubscribe();
    call.signal.removeEventListener("abort", rouse);
  }
}

function render(context: Context, id: string, event: GatewayEvent): string {
  const { type, ...data } = event;
  const shown = type === "status" ? { status: context.deps.status.report().status } : data;
  return `id: ${id}\nevent: ${type}\ndata: ${JSON.stringify(shown)}\n\n`;
}

/** Writes, and waits while the connection is full. Cuts the connection when it stays full. */
async function write(context: Context, call: Call, text: string): Promise<void> {
  const { response, signal } = call;
  if (signal.aborted || response.destroyed || response.write(text)) return;
  const { clock, log } = context.deps;
  const settled = new AbortController();
  const done = (): void => settled.abort();
  response.once("drain", done);
  signal.addEventListener("abort", done);
  await clock.sleep(HTTP_LIMITS.stalledWatcher, settled.signal);
  response.off("drain", done);
  signal.removeEventListener("abort", done);
  if (!settled.signal.aborted)
    drop(response, () => log.info("http.watcher_dropped", { peer: call.origin.peer }));
}

function drop(response: ServerResponse, tell: () => void): void {
  tell();
  response.destroy();
}
