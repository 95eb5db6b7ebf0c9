import { formatAddress, type Address } from "../core/address.ts";
import type { Entry } from "../core/entry.ts";
import { RollcallError, type ErrorCode } from "../core/errors.ts";
import type { MessageId, SessionKey, TurnId } from "../core/ids.ts";
import { LIMITS } from "../core/limits.ts";
import type { Turn } from "../core/turn.ts";
import type { Actor, RerunPlan } from "../ports/operate.ts";
import type { StoredMessage } from "../ports/store.ts";
import { candidatesFor, type Runner } from "./candidates.ts";
import type { OperateDeps, Preview, Running } from "./operate-deps.ts";

interface Wanted {
  readonly stored: StoredMessage;
  readonly agent: string;
  readonly session: SessionKey;
  readonly answerTo: Address;
  readonly refusal: RerunPlan["refusal"];
}

/** Runs an ended message anew, as a new message. */
export async function rerun(
  deps: OperateDeps,
  id: MessageId,
  agent: string | null,
  by?: Actor,
): Promise<Entry> {
  const { stored, refusal, ...to } = await wanted(deps, id, agent);
  if (refusal !== null) throw new RollcallError(refusal.code, { detail: refusal.detail });
  const { entry } = stored;
  const { channel, account } = entry.address;
  const now = deps.clock.now();
  const fresh = {
    ...entry,
    id: deps.ids.message(),
    clientId: null,
    agent: to.agent,
    session: to.session,
    acceptedAt: now,
    notBefore: now,
    replayOf: id,
  };
  const item = {
    kind: "entry" as const,
    waitingLimit: LIMITS.waitingPerSession,
    entry: { ...fresh, dedupeKey: `rerun:${id}:${fresh.id}` },
    ...(by !== undefined && { by: by.name }),
  };
  const [result] = await deps.store.accept({ channel, account, items: [item] });
  if (result?.outcome !== "accepted")
    throw new RollcallError(result?.outcome === "refused" ? result.code : "state-conflict");
  deps.log.info("message.rerun", { id: fresh.id, of: id, agent: to.agent, by: by?.name ?? null });
  deps.lanes.wake(to.session);
  return result.entry;
}

/** What {@link rerun} would do now. Reads only. */
export async function planRerun(deps: OperateDeps, id: MessageId, agent: string | null): Promise<RerunPlan> {
  const { running } = deps;
  if (running === undefined)
    throw new RollcallError("gateway-unreachable", { detail: "only a running gateway knows its agents" });
  const to = await wanted(deps, id, agent);
  const { entry, history } = to.stored;
  const known = running.roster.current().agents.has(to.agent);
  const preview = known ? await previewOf(running, deps, to) : null;
  return {
    entry,
    agent: to.agent,
    session: to.session,
    candidates: known ? running.availability.of(to.agent) : [],
    runsOn: preview?.runner.candidate ?? null,
    prompt: preview?.prepared.prompt.text ?? null,
    resume: preview?.prepared.spec.resume ?? null,
    files: preview?.files ?? entry.body.attachments.map((file) => ({ ...file, path: null })),
    answerTo: to.answerTo,
    ahead: (await deps.store.waiting(to.session, LIMITS.waitingPerSession)).length,
    toolsRan: toolsRan(history),
    refusal: to.refusal,
  };
}

/** Everything that is decided before a rerun. @throws RollcallError `no-such-id` */
async function wanted(deps: OperateDeps, id: MessageId, agent: string | null): Promise<Wanted> {
  const stored = await deps.store.message(id);
  if (stored === null) throw new RollcallError("no-such-id", { detail: id });
  const { entry } = stored;
  const to = agent ?? entry.agent;
  const other = to === entry.agent ? entry.session : deps.running?.sessionOf(entry, to);
  const answerTo = entry.body.answerTo ?? entry.address;
  const refusal = await refusalOf(deps, entry, to, answerTo);
  return { stored, agent: to, session: other ?? entry.session, answerTo, refusal };
}

const ENDED: readonly Entry["state"][] = ["done", "cancelled", "dead"];

/** A rerun passes no door that its sender couldn't pass now. */
async function refusalOf(
  deps: OperateDeps,
  entry: Entry,
  agent: string,
  answerTo: Address,
): Promise<RerunPlan["refusal"]> {
  const no = (code: ErrorCode, detail: string): RerunPlan["refusal"] => ({ code, detail });
  if (entry.kind === "control") return no("state-conflict", `${entry.id} is a command: write it again`);
  if (!ENDED.includes(entry.state)) return no("state-conflict", `message ${entry.id} is ${entry.state}`);
  if (!deps.roster.current().agents.has(agent)) return no("agent-unknown", agent);
  if (deps.running === undefined) return null;
  if (!deps.reachable(answerTo)) return no("address-unknown", formatAddress(answerTo));
  if (!(await deps.running.admitted(entry)))
    return no("sender-refused", `${entry.sender.id} may no longer write to ${formatAddress(entry.address)}`);
  return null;
}

async function previewOf(
  running: Running,
  deps: OperateDeps,
  { stored, agent: id, session }: Wanted,
): Promise<(Preview & { readonly runner: Runner }) | null> {
  const generation = running.roster.current();
  const agent = generation.agents.get(id);
  const chosen = await deps.store.sessionModel(session);
  const [runner] = candidatesFor(running.availability, generation, id, chosen);
  if (agent === undefined || runner === undefined) return null;
  const { entry } = stored;
  const prepared = await running.preview({
    turn: blankTurn(session, id, entry.id, deps.clock.now()),
    entries: [entry],
    generation,
    agent,
    runner,
    goesOn: false,
    signal: new AbortController().signal,
    stopReason: () => "cancel",
  });
  return { runner, ...prepared };
}

/** Stands in the prompt's first line where a turn's id will be. */
const NO_TURN = "t_…" as TurnId;

function blankTurn(session: SessionKey, agent: string, entry: MessageId, now: number): Turn {
  return {
    id: NO_TURN,
    session,
    agent,
    entries: [entry],
    attempt: 1,
    failures: 0,
    reruns: 0,
    state: "claimed",
    generation: 0,
    harness: null,
    model: null,
    nativeSession: null,
    custody: null,
    claimedAt: now,
  };
}

/** By the lines of the message's last run. After a crash nobody counted. */
function toolsRan(history: StoredMessage["history"]): boolean | null {
  const from = history.findLastIndex(({ event }) => event === "claimed");
  const counts = history.slice(Math.max(0, from)).flatMap(({ data }) => {
    const { tools } = data;
    return typeof tools === "number" ? [tools] : [];
  });
  if (counts.some((tools) => tools > 0)) return true;
  return counts.length > 0 || from === -1 ? false : null;
}
