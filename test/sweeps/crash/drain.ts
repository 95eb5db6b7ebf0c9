// Waits for what was promised: everything that was ever sent is answered, once nobody kills any more.
import { performance } from "node:perf_hooks";
import { setTimeout as pause } from "node:timers/promises";
import type { Replied } from "./judge.ts";
import { TOKEN, type Gateway } from "./life.ts";
import { wordsOf } from "./people.ts";
import type { Station } from "./station.ts";

const DRAINED = 30_000;

/** Waits until everything is answered, whatever was before. */
export async function drain(station: Station, gateway: Gateway): Promise<boolean> {
  const url = await gateway.url;
  if (url === null) {
    const { code, stderr } = await gateway.death;
    station.faults.push(`a start after death ${station.deaths} ended with ${code}: ${stderr.slice(-400)}`);
    return false;
  }
  const over = new AbortController();
  const delivering = station.people.deliver(url, TOKEN, AbortSignal.any([over.signal, gateway.gone]));
  const begun = performance.now();
  let open = await openMessages(station, url);
  while (open.length > 0 && performance.now() - begun < DRAINED && !gateway.gone.aborted) {
    await pause(50);
    open = await openMessages(station, url);
  }
  over.abort();
  await delivering;
  station.drains.push(performance.now() - begun);
  if (open.length === 0) return true;
  station.faults.push(`after death ${station.deaths} not answered within ${DRAINED} ms: ${open.join(", ")}`);
  return false;
}

/** Numbers of what has no whole answer yet. */
async function openMessages(station: Station, url: string): Promise<readonly number[]> {
  const { platform, people } = station;
  const [chats, confirmed] = await Promise.all([platform.chats(), platform.confirmed()]);
  const replied = await repliesTo(station, url);
  return people.said
    .filter(({ n, via, chat, act, updateId }) => {
      if (via === "api") return replied.find((one) => one.n === n)?.state !== "done";
      if (updateId >= confirmed) return true;
      const shown = chats.get(chat) ?? [];
      return act !== "command" && !shown.some(({ text }) => wordsOf(n).every((word) => text.includes(word)));
    })
    .map(({ n }) => n);
}

/** How messages of the API ended, as far as is known: an end doesn't change any more. */
export async function repliesTo({ people, known }: Station, url: string): Promise<readonly Replied[]> {
  const headers = { authorization: `Bearer ${TOKEN}` };
  for (const { n, id } of people.said) {
    if (id === null || known.has(n)) continue;
    const answer = await fetch(`${url}/api/v1/messages/${id}`, { headers }).catch(() => null);
    if (answer?.status !== 200) continue;
    const { message } = (await answer.json()) as { message: StoredMessage };
    if (message.state !== "done") continue;
    const sent = message.deliveries.filter(({ kind, state }) => kind === "reply" && state === "sent").length;
    known.set(n, { n, state: message.state, reply: message.reply?.text ?? null, sent });
  }
  return [...known.values()];
}

interface StoredMessage {
  readonly state: string;
  readonly reply: { readonly text: string } | null;
  readonly deliveries: readonly { readonly kind: string; readonly state: string }[];
}
