declare const brand: unique symbol;
/** A string that only its own maker can produce, so that ids of different things can't be mixed up. */
export type Brand<Name extends string> = string & { readonly [brand]: Name };

/** Names an accepted message, `m_…`; also its entry. */
export type MessageId = Brand<"MessageId">;
/** Names a turn, `t_…`. */
export type TurnId = Brand<"TurnId">;
/** Names a delivery, `d_…`. */
export type DeliveryId = Brand<"DeliveryId">;
/** Names an incident, `i_…`. */
export type IncidentId = Brand<"IncidentId">;
/** A lasting context of one agent in one conversation, e.g. `agent:main:telegram:direct:12345`. Never parsed for authority. */
export type SessionKey = Brand<"SessionKey">;

const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
const TIME_DIGITS = 9;
const RANDOM_DIGITS = 9;

/**
 * Makes an id that sorts by its time: a prefix, nine base-32 digits of milliseconds (good until the year 3085), nine
 * random ones (45 bits, against collisions within one millisecond).
 *
 * @param random numbers in [0, 1), from the random port, so that a simulation repeats exactly
 */
function makeId(prefix: string, now: number, random: () => number): string {
  let time = "";
  for (let rest = Math.floor(now), i = 0; i < TIME_DIGITS; i++, rest = Math.floor(rest / 32)) {
    time = (ALPHABET[rest % 32] ?? "0") + time;
  }
  let tail = "";
  for (let i = 0; i < RANDOM_DIGITS; i++) tail += ALPHABET[Math.floor(random() * 32)] ?? "0";
  return `${prefix}_${time}${tail}`;
}

/** Makers of every kind of id, over one clock and one source of randomness. */
export interface Ids {
  message(): MessageId;
  turn(): TurnId;
  delivery(): DeliveryId;
  incident(): IncidentId;
}

/** Makes ids over one clock (milliseconds since the epoch) and one source of numbers in [0, 1). */
export function createIds(now: () => number, random: () => number): Ids {
  return {
    message: () => makeId("m", now(), random) as MessageId,
    turn: () => makeId("t", now(), random) as TurnId,
    delivery: () => makeId("d", now(), random) as DeliveryId,
    incident: () => makeId("i", now(), random) as IncidentId,
  };
}
