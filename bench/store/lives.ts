import type { DeliveryId, MessageId, SessionKey, TurnId } from "../../src/core/ids.ts";
import type { Clock } from "../../src/ports/clock.ts";
import type { Store } from "../../src/ports/store.ts";
import { BenchFailed } from "../program.ts";

/** Stands in every id and key of these messages, where others of the same length can take its place. */
export const MARK = "yyyy";

const WEB = { channel: "web", account: "default" } as const;

/** As long as those of real ids, and earlier than any of this century. */
const digits = (n: number): string => `0${MARK}${String(n).padStart(13, "0")}`;

/** One message's whole life, as the gateway writes it: accepted, answered by echo, shown on the page. */
export async function live(store: Store, clock: Clock, n: number): Promise<void> {
  const at = clock.now();
  const entry = await acceptOne(store, n, at);
  const turn = await store.claim({
    turn: `t_${digits(n)}` as TurnId,
    entries: [{ id: entry, state: "queued", attempt: 0 }],
    agent: "main",
    generation: 1,
    at,
  });
  if (turn === null) throw new BenchFailed(`message ${n} was not claimed`);
  const fence = { id: turn.id, attempt: turn.attempt };
  const by = { harness: "echo", model: "default", nativeSession: null, custody: null, at };
  const delivery = replyOf(n, entry, turn.id, at);
  const answered =
    (await store.prompted(fence, by)) &&
    (await store.answer(fence, {
      reply: { text: textOf(n), files: [] },
      deliveries: [delivery],
      nativeSession: null,
      usage: { inputTokens: 0, outputTokens: 0, usd: 0 },
      at,
    }));
  if (!answered) throw new BenchFailed(`message ${n} lost its way`);
}

const textOf = (n: number): string => `message ${n}`;

function replyOf(n: number, entry: MessageId, turn: TurnId, at: number) {
  return {
    id: `d_${digits(n)}` as DeliveryId,
    key: `reply:${turn}:0`,
    kind: "reply",
    address: { ...WEB, conversation: `bench-${n}` },
    body: { text: textOf(n), format: "markdown" },
    entry,
    turn,
    part: 0,
    createdAt: at,
    shown: true,
  } as const;
}

async function acceptOne(store: Store, n: number, at: number): Promise<MessageId> {
  const [accepted] = await store.accept({
    ...WEB,
    items: [
      {
        kind: "entry",
        waitingLimit: 1000,
        entry: {
          id: `m_${digits(n)}` as MessageId,
          kind: "message",
          address: { ...WEB, conversation: `bench-${n}` },
          dedupeKey: keyOf(n),
          clientId: null,
          sender: { id: "operator", name: "operator" },
          role: "operator",
          agent: "main",
          session: `agent:main:web:direct:bench-${n}` as SessionKey,
          body: { text: textOf(n), attachments: [], chat: { kind: "direct" }, sentAt: at },
          acceptedAt: at,
          notBefore: at,
          replayOf: null,
        },
      },
    ],
  });
  if (accepted?.outcome !== "accepted") throw new BenchFailed(`message ${n} was not accepted`);
  return accepted.entry.id;
}

/** As long as a client's without an id, and by its time first, as they are. */
function keyOf(n: number): string {
  return `0${MARK}000-00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;
}
