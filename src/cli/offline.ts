import { randomBytes } from "node:crypto";
import { parseAddress } from "../core/address.ts";
import { ENTRY_STATES, type EntryState } from "../core/entry.ts";
import { RollcallError } from "../core/errors.ts";
import type { MessageId, SessionKey } from "../core/ids.ts";
import { toIso } from "../core/time.ts";
import { hashSecret, messageJson } from "../gateway/command-parts.ts";
import { openOffline } from "../gateway/offline.ts";
import { offlineOperate } from "../gateway/offline-operate.ts";
import type { Operate } from "../ports/operate.ts";
import type { Store } from "../ports/store.ts";
import type { Json } from "./client.ts";
import { offlinePurge } from "./offline-purge.ts";
import type { Operations } from "./operations.ts";

const LIST = 50;
const MOST = 200;
/** Whoever works on the store itself. */
const BY = { name: "the command line" };

/** The same operations on the store itself, under its lock, for when no gateway runs. @throws RollcallError `store-held` */
export async function openOfflineOperations(
  stateDir: string,
): Promise<{ readonly operations: Operations; close(): Promise<void> }> {
  const opened = await openOffline(stateDir);
  return {
    operations: offlineOperations(opened.store, offlineOperate(opened.store), stateDir),
    close: () => opened.close(),
  };
}

/** @param operate over the same store */
function offlineOperations(store: Store, operate: Operate, stateDir: string): Operations {
  const message = async (id: string): Promise<Json> => {
    const stored = await store.message(id as MessageId);
    if (stored === null) throw new RollcallError("no-such-id", { detail: id });
    return { message: messageJson(stored, true) };
  };
  return {
    running: false,
    messages: (query) => listMessages(store, query),
    message,
    retry: async (id) => message((await operate.retry(id as MessageId, BY)).id),
    async retryDead(agent) {
      const retried = await operate.retryDead(agent ?? null, BY);
      return { retried: retried.length, messages: retried.slice(0, MOST) };
    },
    cancel: async (id) => message((await operate.cancel(id as MessageId, BY)).id),
    release: async (id) => message((await operate.release(id as MessageId, BY)).id),
    async releaseHeld(agent) {
      const released = await operate.releaseHeld(agent ?? null, BY);
      return { released: released.length, messages: released.map(({ id }) => id) };
    },
    async rerun(id, agent) {
      if (agent === undefined) return message((await operate.rerun(id as MessageId, null, BY)).id);
      throw new RollcallError("gateway-unreachable", { detail: "only a running gateway knows its agents" });
    },
    planRerun: async (id, agent) => ({
      plan: await operate.planRerun(id as MessageId, agent ?? null),
    }),
    purge: (request) => offlinePurge(stateDir, store, request),
    async sessions(limit = LIST) {
      const rows = await store.sessions(limit);
      return { sessions: rows.map((row) => ({ ...row, lastAt: toIso(row.lastAt) })) };
    },
    resetSession: (session) => operate.resetSession(session as SessionKey),
    async pairings() {
      return { pairings: (await store.pairings()).map((row) => ({ ...row, at: toIso(row.at) })) };
    },
    decidePairing: (code, to) => operate.decidePairing(code, to === "approve" ? "approved" : "denied"),
    revokePairing: (sender) => revokePairing(store, sender),
    async tokens() {
      return { tokens: (await store.tokens()).map((row) => ({ ...row, createdAt: toIso(row.createdAt) })) };
    },
    createToken: (name) => createToken(store, name),
    async revokeToken(id) {
      if (!(await store.revokeToken(id))) throw new RollcallError("no-such-id", { detail: id });
    },
  };
}

async function listMessages(store: Store, query: Parameters<Operations["messages"]>[0]): Promise<Json> {
  const limit = Math.min(query.limit ?? LIST, MOST);
  const found = await store.messages({
    limit: limit + 1,
    ...(query.state !== undefined && { states: query.state.split(",").map(readState) }),
    ...(query.cursor !== undefined && { before: readPlace(query.cursor) }),
  });
  const page = found.slice(0, limit);
  const last = page.at(-1);
  const more = found.length > limit && last !== undefined;
  return {
    messages: page.map((stored) => messageJson(stored, false)),
    cursor: more ? String(last.entry.seq) : null,
  };
}

function readState(text: string): EntryState {
  const state = ENTRY_STATES.find((one) => one === text);
  if (state === undefined)
    throw new RollcallError("usage", { detail: `--only takes ${ENTRY_STATES.join(", ")}` });
  return state;
}

function readPlace(cursor: string): number {
  if (!/^\d{1,15}$/.test(cursor))
    throw new RollcallError("usage", { detail: "--cursor takes what the last list ended with" });
  return Number(cursor);
}

async function revokePairing(store: Store, sender: string): Promise<void> {
  const address = parseAddress(sender);
  if (address === undefined)
    throw new RollcallError("usage", { detail: "SENDER is written channel/account/id" });
  const { channel, account, conversation } = address;
  const revoked = await store.revokePairing(channel, account, conversation, Date.now());
  if (!revoked) throw new RollcallError("no-such-id", { detail: sender });
}

async function createToken(store: Store, name: string): Promise<Json> {
  const token = `rollcall_${randomBytes(32).toString("base64url")}`;
  const id = `k_${randomBytes(9).toString("base64url").replace(/[-_]/g, "0")}`;
  const row = { id, name, createdAt: Date.now() };
  await store.addToken({ ...row, hash: hashSecret(token) });
  return { ...row, createdAt: toIso(row.createdAt), token };
}
