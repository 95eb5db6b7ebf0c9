import { ENDED_STATES, type EndedState } from "../core/entry.ts";
import { RollcallError } from "../core/errors.ts";
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
