/** What one line of the program's record of a session says, as far as it matters for a turn's end. */
export type RecordedWord =
  /** A prompt: ours, a person's, or one that the program gave itself (a background task that ended). */
  | { readonly kind: "prompt"; readonly text: string }
  /** The model's words or tools. `message` tells the blocks of one message from those of the next. */
  | {
      readonly kind: "model";
      readonly message: string;
      readonly text: string | null;
      readonly tool: boolean;
      /** The message ended the turn. */
      readonly ends: boolean;
      readonly usage: { readonly inputTokens: number; readonly outputTokens: number };
    }
  /** The program ended the turn without an answer: an error of the service, or an interruption. */
  | { readonly kind: "broken-off" }
  /** The program made the model go on after it had ended, e.g. by a hook. */
  | { readonly kind: "goes-on" }
  | { readonly kind: "other" };

type Fields = Readonly<Record<string, unknown>>;

/** The program's own words in the model's place, e.g. after an interrupted turn that is gone on with. */
const SYNTHETIC = "<synthetic>";
const OTHER: RecordedWord = { kind: "other" };

/** Reads one line. Undefined when it is no record at all: torn, or grown together with a torn one. Pure. */
export function readWord(line: string): RecordedWord | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined; // the caller decides what a torn line means
  }
  const fields = object(value);
  // Subagents have talks of their own.
  if (fields["isSidechain"] === true) return OTHER;
  if (fields["type"] === "user") return userWord(fields);
  return fields["type"] === "assistant" ? modelWord(fields) : OTHER;
}

function userWord(fields: Fields): RecordedWord {
  // A summary stands for what was said before; it may quote any prompt.
  if (fields["isCompactSummary"] === true) return OTHER;
  const content = object(fields["message"])["content"];
  const text = typeof content === "string" ? content : textOf(blocks(content));
  if (text === null || text.startsWith("<local-command")) return OTHER;
  if (fields["isMeta"] === true) return { kind: "goes-on" };
  return text.startsWith("[Request interrupted") ? { kind: "broken-off" } : { kind: "prompt", text };
}

function modelWord(fields: Fields): RecordedWord {
  const message = object(fields["message"]);
  if (fields["isApiErrorMessage"] === true || fields["error"] !== undefined) return { kind: "broken-off" };
  if (message["model"] === SYNTHETIC) return { kind: "broken-off" };
  const content = blocks(message["content"]);
  const stop = message["stop_reason"];
  const usage = object(message["usage"]);
  return {
    kind: "model",
    message: String(message["id"]),
    text: textOf(content),
    tool: content.some(({ type }) => type === "tool_use" || type === "server_tool_use"),
    ends: stop === "end_turn" || stop === "stop_sequence",
    usage: {
      inputTokens: sum(usage, "input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens"),
      outputTokens: sum(usage, "output_tokens"),
    },
  };
}

/** The last block of text, which is what the program gives as the turn's result. */
function textOf(content: readonly Fields[]): string | null {
  const last = content.findLast(({ type, text }) => type === "text" && typeof text === "string");
  return last === undefined ? null : String(last["text"]);
}

function blocks(content: unknown): readonly Fields[] {
  return Array.isArray(content) ? content.map(object) : [];
}

function sum(fields: Fields, ...names: readonly string[]): number {
  return names
    .map((name) => fields[name])
    .reduce<number>((all, n) => all + (typeof n === "number" ? n : 0), 0);
}

function object(value: unknown): Fields {
  return typeof value === "object" && value !== null ? (value as Fields) : {};
}
