import { ENDED_STATES, type EndedState } from "../core/entry.ts";
import { pipeline } from "node:stream/promises";
import { messageOf, RollcallError } from "../core/errors.ts";
import type { MessageId } from "../core/ids.ts";
import { parseDuration, type Duration } from "../core/time.ts";
import { json, type Answer } from "./answer.ts";
import { malformed, optionalText, readFields, type Fields } from "./fields.ts";
import { HTTP_LIMITS } from "./limits.ts";
import type { Call, Context } from "./router.ts";

/** `POST /api/v1/messages/purge`: clears ended messages away. Answers after a while with `more` when there is more. */
export async function purgeMessages(context: Context, call: Call): Promise<Answer> {
  const fields = readFields(await call.body(), ["id", "before", "states", "dryRun"]);
  const { archive } = context.deps;
  if (archive === undefined) throw new RollcallError("not-supported");
  const id = optionalText(fields, "id", { max: HTTP_LIMITS.nameUnits }) ?? null;
  const olderThan = readAge(fields);
  const states = readStates(fields);
  if (id !== null && (olderThan !== null || states.length > 0))
    throw malformed("id", "stands alone: an id is one message, whatever its age");
  if (id === null && olderThan === null && states.length === 0)
    throw malformed("", "one of id, before and states must be there");
  const request = { id: id as MessageId | null, olderThan, states, dryRun: readFlag(fields, "dryRun") };
  return json(200, { ...(await archive.purge(request, call.caller.name)) });
}

/** `POST /api/v1/backup`: the bytes of a gzipped tar. What can't be made is told before the first of them. */
export async function makeBackup(context: Context, call: Call): Promise<null> {
  const secrets = readFlag(readFields(await call.body(), ["secrets"]), "secrets");
  const { archive, log } = context.deps;
  if (archive === undefined) throw new RollcallError("not-supported");
  const bytes = await archive.backup({ secrets }, call.caller.name, call.signal);
  call.response.writeHead(200, {
    "content-type": "application/gzip",
    "content-disposition": 'attachment; filename="rollcall-backup.tar.gz"',
    "cache-control": "no-store",
  });
  try {
    await pipeline(bytes, call.response);
  } catch (error) {
    // Cut off: the client sees a body without its end.
    log.warn("backup.broken_off", { error: messageOf(error) });
    call.response.destroy();
  }
  return null;
}

function readAge(fields: Fields): Duration | null {
  const text = optionalText(fields, "before", { max: HTTP_LIMITS.nameUnits });
  if (text === undefined) return null;
  const age = parseDuration(text);
  if (age === undefined) throw malformed("before", "is not a duration, such as 30d");
  return age;
}

function readStates(fields: Fields): readonly EndedState[] {
  const given = fields["states"];
  if (given === undefined) return [];
  if (!Array.isArray(given)) throw malformed("states", "is not a list");
  return given.map((state: unknown) => {
    const known = ENDED_STATES.find((one) => one === state);
    if (known === undefined)
      throw malformed("states", `only what is at its end can be purged: ${ENDED_STATES.join(", ")}`);
    return known;
  });
}

function readFlag(fields: Fields, name: string): boolean {
  const value = fields[name] ?? false;
  if (typeof value !== "boolean") throw malformed(name, "is neither true nor false");
  return value;
}
