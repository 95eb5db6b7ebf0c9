/** One server-sent event. `id` is the last one that was told, null before the first. */
export interface ServerEvent {
  readonly type: string;
  readonly data: string;
  readonly id: string | null;
}

/** Longest event that is kept, in UTF-16 units: beyond it the event is dropped. */
const LONGEST = 16 * 1024 * 1024;

/**
 * Reads a stream of server-sent events, piece by piece, as the HTML standard describes them. Returns the events that
 * each piece completes; an event with only an id is one of type `place`, so that a watcher knows where it began.
 */
export function createEventParser(): (piece: string) => readonly ServerEvent[] {
  let rest = "";
  let type = "";
  let data: string[] = [];
  let size = 0;
  let id: string | null = null;
  let placed = false;

  const field = (name: string, value: string): void => {
    if (name === "event") type = value;
    else if (name === "id" && !value.includes("\0")) {
      id = value;
      placed = true;
    } else if (name === "data" && (size += value.length) <= LONGEST) data.push(value);
  };
  const dispatch = (): ServerEvent | undefined => {
    const event = { type: type || "message", data: data.join("\n"), id };
    const place = placed ? { type: "place", data: "", id } : undefined;
    const complete = data.length > 0 && size <= LONGEST ? event : place;
    [type, data, size, placed] = ["", [], 0, false];
    return complete;
  };

  return (piece) => {
    const events: ServerEvent[] = [];
    // A carriage return at the end may be half of a line break.
    const lines = (rest + piece).split(/\r\n|\n|\r(?!$)/);
    rest = (lines.pop() ?? "").slice(0, LONGEST * 2);
    for (const line of lines) {
      const event = line === "" ? dispatch() : undefined;
      if (event !== undefined) events.push(event);
      const colon = line.indexOf(":");
      if (line !== "" && colon !== 0) {
        field(
          colon === -1 ? line : line.slice(0, colon),
          colon === -1 ? "" : line.slice(colon + 1).replace(/^ /, ""),
        );
      }
    }
    return events;
  };
}
