import { RollcallError } from "../core/errors.ts";
import type { SessionKey } from "../core/ids.ts";
import { toIso } from "../core/time.ts";
import { json, problemAnswer, type Answer } from "./answer.ts";
import { hashSecret } from "./hash-secret.ts";
import { malformed, readFields, requiredText } from "./fields.ts";
import { HTTP_LIMITS } from "./limits.ts";
import { readAddress } from "./parse-message.ts";
import { param, type Call, type Context } from "./router.ts";

const DONE: Answer = { status: 204 };

/** `POST /api/v1/drain`: answers before anything stops. */
export async function drain(context: Context, call: Call): Promise<Answer> {
  readFields(await call.body(), []);
  if (context.deps.drain === undefined) throw new RollcallError("not-supported");
  context.deps.drain();
  return json(202, { status: "draining" });
}

/** `POST /api/v1/reload`: answers when it is decided. */
export async function reload(context: Context, call: Call): Promise<Answer> {
  const fields = readFields(await call.body(), ["dropAgents"]);
  const dropAgents = readNames(fields["dropAgents"], "dropAgents");
  if (context.deps.reload === undefined) throw new RollcallError("not-supported");
  const outcome = await context.deps.reload({ dropAgents });
  if ("generation" in outcome) return json(200, { generation: outcome.generation });
  const detail = outcome.refused.map((reason) => reason.detail).join("; ");
  return problemAnswer(new RollcallError("reload-refused", { detail }), { reasons: outcome.refused });
}

function readNames(value: unknown, at: string): readonly string[] {
  if (value === undefined) return [];
  if (!Array.isArray(value) || value.length > HTTP_LIMITS.list) throw malformed(at, "is not a list of names");
  return value.map((name: unknown, index) => {
    if (typeof name !== "string") throw malformed(`${at}.${index}`, "is not a text");
    return name;
  });
}

/** `POST /api/v1/sessions/reset`: the next turn of the session begins afresh. */
export async function resetSession(context: Context, call: Call): Promise<Answer> {
  const fields = readFields(await call.body(), ["session"]);
  await context.deps.operate.resetSession(
    requiredText(fields, "session", { max: HTTP_LIMITS.addressUnits }) as SessionKey,
  );
  return DONE;
}

/** `GET /api/v1/pairing` */
export async function listPairings(context: Context): Promise<Answer> {
  const rows = await context.deps.store.pairings();
  return json(200, { pairings: rows.map((row) => ({ ...row, at: toIso(row.at) })) });
}

/** `POST /api/v1/pairing/:code/approve` and `/deny` */
export function decidePairing(to: "approved" | "denied"): (context: Context, call: Call) => Promise<Answer> {
  return async (context, call) => {
    readFields(await call.body(), []);
    const code = param(call, "code");
    await context.deps.operate.decidePairing(code, to);
    return json(200, { code, state: to });
  };
}

/** `POST /api/v1/pairing/revoke`: the sender as `channel/account/sender`. */
export async function revokePairing(context: Context, call: Call): Promise<Answer> {
  const fields = readFields(await call.body(), ["sender"]);
  const text = requiredText(fields, "sender", { max: HTTP_LIMITS.addressUnits });
  const { channel, account, conversation } = readAddress(text, "sender");
  const { store, clock } = context.deps;
  const revoked = await store.revokePairing(channel, account, conversation, clock.now());
  if (!revoked) throw new RollcallError("no-such-id", { at: "sender" });
  return DONE;
}

/** `GET /api/v1/tokens`: never the tokens themselves, which nobody knows any more. */
export async function listTokens(context: Context): Promise<Answer> {
  const rows = await context.deps.store.tokens();
  const tokens = rows.map(({ id, name, createdAt }) => ({ id, name, createdAt: toIso(createdAt) }));
  return json(200, { tokens });
}

/** `POST /api/v1/tokens`: the only time that the token is told. */
export async function createToken(context: Context, call: Call): Promise<Answer> {
  const { store, random, clock, guard } = context.deps;
  const fields = readFields(await call.body(), ["name"]);
  const name = requiredText(fields, "name", { max: HTTP_LIMITS.nameUnits });
  const token = `rollcall_${random.secret(32)}`;
  guard?.(token);
  const row = { id: `k_${random.secret(9).replace(/[-_]/g, "0")}`, name, createdAt: clock.now() };
  await store.addToken({ ...row, hash: hashSecret(token) });
  return json(201, { ...row, createdAt: toIso(row.createdAt), token });
}

/** `DELETE /api/v1/tokens/:id` */
export async function revokeToken(context: Context, call: Call): Promise<Answer> {
  const revoked = await context.deps.store.revokeToken(param(call, "id"));
  if (!revoked) throw new RollcallError("no-such-id", { at: "id" });
  return DONE;
}
