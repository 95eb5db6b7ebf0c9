import { asObject, asText, asTextOrNull } from "./fields.ts";
import type { PageEvent } from "./wire.ts";

/** One server-sent event, as it was written. */
export interface RawEvent {
  readonly id: string | null;
  readonly name: string;
  readonly data: string;
}

/**
 * Cuts a stream of text into server-sent events (WHATWG HTML, “Server-sent events”). Comments are dropped. A block
 * with nothing but an id is an event without data: it only moves the place to come back to.
 */
export function createEventLines(): (chunk: string) => readonly RawEvent[] {
  let rest = "";
  let id: string | null = null;
  let name = "message";
  let data: string[] = [];
  let touched = false;
  const line = (text: string): RawEvent | undefined => {
    if (text === "") {
      const event = touched ? { id, name, data: data.join("\n") } : undefined;
      [id, name, data, touched] = [null, "message", [], false];
      return event;
    }
    const colon = text.indexOf(":");
    if (colon === 0) return undefined;
    const field = colon === -1 ? text : text.slice(0, colon);
    const value = colon === -1 ? "" : text.slice(colon + 1).replace(/^ /, "");
    touched = true;
    if (field === "id" && !value.includes("\0")) id = value;
    else if (field === "event") name = value;
    else if (field === "data") data.push(value);
    return undefined;
  };
  return (chunk) => {
    const lines = (rest + chunk).split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? "";
    return lines.flatMap((text) => line(text) ?? []);
  };
}

/** What an event of the gateway means to the page; undefined for what the page doesn't know. */
export function readEvent(raw: RawEvent): PageEvent | undefined {
  if (raw.name === "reset") return { type: "reset" };
  if (raw.name === "status") return { type: "status" };
  const json = asObject(parse(raw.data));
  const id = asTextOrNull(json["id"]);
  if (id === null) return undefined;
  if (raw.name === "message") return { type: "message", id, conversation: asText(json["conversation"]) };
  if (raw.name !== "progress") return undefined;
  return { type: "progress", id, text: asText(json["text"]), activity: asTextOrNull(json["activity"]) };
}

function parse(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
