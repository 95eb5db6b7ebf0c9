// The last look at a run, when everything has come to rest: nothing lost, nothing answered twice, the books right.
import type { MemoryDisk } from "../../src/store/sqlite/open.ts";
import { tokensOf } from "./machine.ts";
import type { Plan } from "./plan.ts";
import type { Platform, Shown } from "./platform.ts";
import { REPEAT_MARK } from "./sim-channel.ts";
import type { Harm, Witness } from "./witness.ts";

export interface Ended {
  readonly plan: Plan;
  readonly memory: MemoryDisk;
  readonly platform: Platform;
  readonly witness: Witness;
  /** Tokens that a person cancelled, or may have: then an answer isn't owed. */
  readonly given: ReadonlySet<number>;
  readonly kills: number;
  readonly refused: ReadonlySet<string>;
}

interface EntryRow {
  readonly id: string;
  readonly dedupe_key: string;
  readonly kind: string;
  readonly state: string;
  readonly turn: string | null;
  readonly body: string;
}

interface DeliveryRow {
  readonly key: string;
  readonly kind: string;
  readonly turn: string | null;
  readonly state: string;
  readonly attempts: number;
  readonly part: number;
  readonly platform_id: string | null;
  readonly body: string;
}

const ATTEMPTS = 3;
/** Tries of one send whose end isn't known. */
const TRIES = 8;
const DAY = 86_400_000;

/** Asks every question that needs the whole run. */
export function judge(ended: Ended): void {
  const { memory, plan, witness } = ended;
  const entries = memory.db.all<EntryRow>("SELECT id, dedupe_key, kind, state, turn, body FROM entries");
  const deliveries = memory.db.all<DeliveryRow>(
    "SELECT key, kind, turn, state, attempts, part, platform_id, body FROM deliveries",
  );
  const byKey = new Map(entries.map((entry) => [entry.dedupe_key, entry]));
  const answered = answersByToken(deliveries);
  for (const { token } of plan.said) {
    const entry = byKey.get(keyOf(token));
    if (entry === undefined) witness.fail("lost", `message ${token} isn't in the store`);
    else judgeEntry(ended, token, entry, deliveries, answered.get(token) ?? new Set());
  }
  for (const delivery of deliveries) judgeDelivery(ended, delivery);
  judgeBooks(ended);
}

export function keyOf(token: number): string {
  return `said-${token}`;
}

function answersByToken(deliveries: readonly DeliveryRow[]): ReadonlyMap<number, Set<string>> {
  const answers = new Map<number, Set<string>>();
  for (const { kind, turn, body } of deliveries) {
    if (kind !== "reply" || turn === null) continue;
    for (const token of tokensOf((JSON.parse(body) as { text: string }).text))
      answers.set(token, (answers.get(token) ?? new Set()).add(turn));
  }
  return answers;
}

function judgeEntry(
  { witness, given, kills, plan, refused, memory }: Ended,
  token: number,
  entry: EntryRow,
  deliveries: readonly DeliveryRow[],
  answers: ReadonlySet<string>,
): void {
  const harm: Harm | undefined = witness.harms.get(`[rollcall ${entry.turn ?? ""}]`);
  // A clock that jumps by days while nobody runs looks like days that passed: holds may end by it.
  const jumped = plan.faults.some((fault) => fault.kind === "clock" && fault.span >= DAY);
  const ofTurn = deliveries.filter(({ turn }) => turn !== null && turn === entry.turn);
  const replies = ofTurn.filter(({ kind }) => kind === "reply");
  const deadReply = replies.some(({ key, attempts }) => refused.has(key) || attempts >= TRIES);
  if (answers.size > 1)
    witness.fail("twice", `message ${token} is answered by ${[...answers].join(" and ")}`);
  switch (entry.state) {
    case "done":
      if (answers.size === 0 && harm?.refused !== true)
        witness.fail("lost", `message ${token} is done and no answer speaks of it`);
      if (replies.some(({ state }) => state !== "sent") || endsEarly(memory, entry.id))
        witness.fail("I4", `message ${token} was done before its answer was sent`);
      return;
    case "cancelled":
      if (!given.has(token)) witness.fail("lost", `message ${token} was cancelled and nobody asked for it`);
      return;
    case "dead": {
      const failures = (harm?.failures ?? 0) + witness.unopenable;
      const excused = jumped || deadReply || harm?.ended === true || failures >= ATTEMPTS;
      if (!excused) witness.fail("I13", `message ${token} is dead after ${failures} failures`);
      const notices = deliveries.filter(
        ({ kind, key, turn }) =>
          kind === "notice" && ((turn !== null && turn === entry.turn) || key.includes(entry.id)),
      );
      if (!deadReply && notices.length === 0)
        witness.fail("untold", `message ${token} is dead and its sender wasn't told`);
      return;
    }
    case "quarantined":
      if (kills < ATTEMPTS) witness.fail("I13", `message ${token} is quarantined after ${kills} crashes`);
      return;
    default:
      witness.fail("I4", `message ${token} ended as ${entry.state}`);
  }
}

/** Whether something of a message was sent after it was called done. */
function endsEarly({ db }: MemoryDisk, id: string): boolean {
  const events = db.all<{ event: string; data: string }>(
    "SELECT event, data FROM history WHERE entry = ? ORDER BY n",
    id,
  );
  const lastSent = events.findLastIndex(({ event, data }) => event === "sent" && data.includes('"reply:'));
  return lastSent > events.findLastIndex(({ event }) => event === "done");
}

/** What is called sent stands there once, or its repeats say that they are some. */
function judgeDelivery({ platform, witness }: Ended, delivery: DeliveryRow): void {
  if (delivery.kind !== "reply") return;
  const { text } = JSON.parse(delivery.body) as { text: string };
  const place = delivery.part === 0 ? `progress:${delivery.turn ?? ""}` : null;
  const copies = platform.shown.filter(
    (message) =>
      !message.removed &&
      (message.key === delivery.key || (message.key === place && message.id === delivery.platform_id)) &&
      plainOf(message) === text,
  );
  const plain = copies.filter(({ text: shown }) => !shown.startsWith(REPEAT_MARK));
  if (delivery.state === "sent" && copies.length === 0)
    witness.fail("lost", `${delivery.key} is called sent and can't be seen`);
  if (plain.length > 1)
    witness.fail("I6", `${delivery.key} stands there ${plain.length} times without a mark`);
  if (copies.length > 1 && platform.flavour === "nonce")
    witness.fail("I6", `${delivery.key} stands there ${copies.length} times on a platform that deduplicates`);
}

function plainOf({ text }: Shown): string {
  return text.startsWith(REPEAT_MARK) ? text.slice(REPEAT_MARK.length) : text;
}

/** The equations, and that no line was written by an owner who had lost the store. */
function judgeBooks({ memory: { db }, witness }: Ended): void {
  const counters = new Map(
    db
      .all<{ name: string; value: number }>("SELECT name, value FROM counters")
      .map(({ name, value }) => [name, value]),
  );
  const of = (name: string): number => counters.get(name) ?? 0;
  const taken = of("intake:accepted") + of("intake:duplicate") + of("intake:ignored") + of("intake:refused");
  if (of("intake:received") !== taken)
    witness.fail("I18", `received ${of("intake:received")}, decided about ${taken}`);
  const states = db.all<{ state: string; n: number }>(
    "SELECT state, count(*) AS n FROM entries GROUP BY state",
  );
  for (const { state, n } of states)
    if (of(`entries:${state}`) !== n)
      witness.fail("I18", `${n} entries are ${state}, counted ${of(`entries:${state}`)}`);
  const rows = states.reduce((sum, { n }) => sum + n, 0);
  if (rows !== of("intake:accepted"))
    witness.fail("I18", `${rows} entries, accepted ${of("intake:accepted")}`);
  let epoch = 0;
  for (const line of db.all<{ epoch: number }>("SELECT epoch FROM history ORDER BY n")) {
    if (line.epoch < epoch)
      return witness.fail("I10", `epoch ${line.epoch} wrote after epoch ${epoch} had begun`);
    epoch = line.epoch;
  }
}
