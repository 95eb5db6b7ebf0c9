/**
 * What the program writes with `--output-format stream-json`: one JSON object per line. Only what is used is read;
 * what isn't known is `other`, since new kinds come with new versions.
 */
export type Frame = { readonly about: readonly string[] } & FrameBody;

export type FrameBody =
  | { readonly type: "control-response"; readonly request: string; readonly error: string | null }
  | {
      readonly type: "permission";
      readonly request: string;
      readonly tool: string;
      readonly input: unknown;
      readonly toolUse: string | null;
    }
  /** The program asks for something else that a host could give. */
  | { readonly type: "control-request"; readonly request: string; readonly subtype: string }
  | { readonly type: "init"; readonly native: string | null }
  | { readonly type: "compaction"; readonly open: boolean }
  | {
      readonly type: "retry";
      readonly attempt: number;
      readonly status: number | null;
      readonly delayMs: number;
      readonly error: string;
    }
  /** A turn of a subagent has its parent's tool use: `main` is false. */
  | { readonly type: "message-start"; readonly main: boolean }
  | { readonly type: "text-start"; readonly main: boolean }
  | { readonly type: "text"; readonly main: boolean; readonly delta: string }
  | { readonly type: "tools"; readonly main: boolean; readonly tools: readonly Tool[] }
  | { readonly type: "api-error"; readonly error: string }
  | { readonly type: "tool-results"; readonly main: boolean; readonly tools: readonly string[] }
  /** The program has taken up the prompt with this id. */
  | { readonly type: "begun"; readonly prompt: string }
  /** State of the plan's limits. `resetsAt` in seconds since the epoch. */
  | { readonly type: "limit"; readonly rejected: boolean; readonly resetsAt: number | null }
  | ({ readonly type: "result" } & ResultFrame)
  | { readonly type: "other"; readonly name: string };

export interface Tool {
  readonly id: string;
  readonly name: string;
}

/** The end of a turn. Judged by `isError`: API failures come with the subtype "success". */
export interface ResultFrame {
  readonly isError: boolean;
  readonly text: string;
  readonly status: number | null;
  readonly errorType: string | null;
  readonly terminal: string | null;
  readonly stop: string | null;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Cumulative over the whole session, also across a resume. */
  readonly totalUsd: number | null;
}

type Fields = Readonly<Record<string, unknown>>;

/** Reads one line. Undefined when it isn't a frame at all. Pure. */
export function parseFrame(line: string): Frame | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined; // the caller keeps a sample and says so
  }
  const fields = object(value);
  const type = text(fields["type"]);
  if (type === null) return undefined;
  return { about: aboutOf(fields), ...bodyOf(type, fields) };
}

function bodyOf(type: string, fields: Fields): FrameBody {
  const main = text(fields["parent_tool_use_id"]) === null;
  switch (type) {
    case "control_response": {
      const response = object(fields["response"]);
      const failed = response["subtype"] !== "success";
      const error = failed ? (text(response["error"]) ?? "refused") : null;
      return { type: "control-response", request: text(response["request_id"]) ?? "", error };
    }
    case "control_request":
      return controlRequest(text(fields["request_id"]) ?? "", object(fields["request"]));
    case "system":
      return systemFrame(text(fields["subtype"]) ?? "", fields);
    case "stream_event":
      return streamEvent(object(fields["event"]), main);
    case "assistant": {
      const error = text(fields["error"]);
      if (error !== null) return { type: "api-error", error };
      return { type: "tools", main, tools: toolsOf(object(fields["message"])["content"]) };
    }
    case "user":
      return userFrame(fields, main);
    case "command_lifecycle":
      if (fields["state"] !== "started") return { type: "other", name: type };
      return { type: "begun", prompt: text(fields["command_uuid"]) ?? "" };
    case "rate_limit_event": {
      const info = object(fields["rate_limit_info"]);
      return { type: "limit", rejected: info["status"] === "rejected", resetsAt: number(info["resetsAt"]) };
    }
    case "result":
      return { type: "result", ...resultFrame(fields) };
    default:
      return { type: "other", name: type };
  }
}

function controlRequest(request: string, body: Fields): FrameBody {
  const subtype = text(body["subtype"]) ?? "";
  if (subtype !== "can_use_tool") return { type: "control-request", request, subtype };
  return {
    type: "permission",
    request,
    tool: text(body["tool_name"]) ?? "",
    input: body["input"],
    toolUse: text(body["tool_use_id"]),
  };
}

function systemFrame(subtype: string, fields: Fields): FrameBody {
  switch (subtype) {
    case "init":
      return { type: "init", native: text(fields["session_id"]) };
    case "status":
      return { type: "compaction", open: fields["status"] === "compacting" };
    case "compact_boundary":
      return { type: "compaction", open: false };
    case "api_retry":
      return {
        type: "retry",
        attempt: number(fields["attempt"]) ?? 1,
        status: number(fields["error_status"]),
        delayMs: number(fields["retry_delay_ms"]) ?? 0,
        error: text(fields["error"]) ?? "unknown",
      };
    default:
      return { type: "other", name: `system/${subtype}` };
  }
}

function streamEvent(event: Fields, main: boolean): FrameBody {
  const block = object(event["content_block"]);
  const delta = object(event["delta"]);
  switch (event["type"]) {
    case "message_start":
      return { type: "message-start", main };
    case "content_block_start":
      if (block["type"] === "text") return { type: "text-start", main };
      return { type: "tools", main, tools: toolsOf([block]) };
    case "content_block_delta":
      if (delta["type"] === "text_delta") return { type: "text", main, delta: text(delta["text"]) ?? "" };
      return { type: "other", name: "delta" };
    default:
      return { type: "other", name: "stream_event" };
  }
}

function userFrame(fields: Fields, main: boolean): FrameBody {
  if (fields["isReplay"] === true) return { type: "begun", prompt: text(fields["uuid"]) ?? "" };
  const content = list(object(fields["message"])["content"]).map(object);
  const tools = content.flatMap((block) =>
    block["type"] === "tool_result" ? (text(block["tool_use_id"]) ?? []) : [],
  );
  return { type: "tool-results", main, tools };
}

function resultFrame(fields: Fields): ResultFrame {
  const usage = object(fields["usage"]);
  const sum = (...names: readonly string[]): number =>
    names.reduce((total, name) => total + (number(usage[name]) ?? 0), 0);
  const errors = list(fields["errors"]).flatMap((error) => text(error) ?? []);
  return {
    isError: fields["is_error"] !== false,
    text: text(fields["result"]) ?? errors.join("; "),
    status: number(fields["api_error_status"]),
    errorType: text(fields["api_error_type"]),
    terminal: text(fields["terminal_reason"]),
    stop: text(fields["stop_reason"]),
    inputTokens: sum("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens"),
    outputTokens: sum("output_tokens"),
    totalUsd: number(fields["total_cost_usd"]),
  };
}

function toolsOf(content: unknown): readonly Tool[] {
  return list(content)
    .map(object)
    .flatMap((block) => {
      const id = text(block["id"]);
      return block["type"] === "tool_use" && id !== null ? [{ id, name: text(block["name"]) ?? "tool" }] : [];
    });
}

/** Ids of the prompts that a frame belongs to; empty where the program doesn't say. */
function aboutOf(fields: Fields): readonly string[] {
  const many = list(fields["user_message_uuids"]).flatMap((id) => text(id) ?? []);
  return many.length > 0 ? many : [text(fields["user_message_uuid"])].flatMap((id) => id ?? []);
}

function object(value: unknown): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function text(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

function number(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}
