import { randomUUID } from "node:crypto";
import process from "node:process";
import { writeSession, type SessionFile } from "./session-file.ts";
import type { SessionRecord } from "./session-record.ts";

type Fields = Readonly<Record<string, unknown>>;

export interface PermissionReply {
  readonly behavior: string;
  readonly message?: string;
  readonly updatedInput?: unknown;
}

export interface ControlReply {
  readonly subtype: string;
  readonly response?: unknown;
}

/** Error results by status, as the real program words them. */
const API_ERRORS: Readonly<Record<string, readonly [error: string, type: string | null, text: string]>> = {
  "400": ["invalid_request", "invalid_request_error", "Prompt is too long · 300000 tokens (limit 200000)"],
  "401": ["authentication_failed", "authentication_error", "Invalid API key · Fix external API key"],
  "404": ["model_not_found", "not_found_error", "There's an issue with the selected model (nope)."],
  "429": ["rate_limit", "rate_limit_error", "You've hit your session limit · resets in 2h"],
  "500": ["server_error", "api_error", "API Error: 500 Internal server error."],
  "529": ["server_error", "overloaded_error", "API Error: 529 Overloaded."],
  login: ["authentication_failed", null, "Not logged in · Please run /login"],
  cut: ["server_error", null, "API Error: Connection to the API was lost (ECONNRESET)."],
};

/** One turn of the fake: everything that it can write, in the real program's frames. */
export class Stage {
  readonly dir: string;
  readonly id: string;
  readonly prompt: string;
  readonly session: SessionFile;
  readonly record: SessionRecord;
  readonly interrupted: Promise<void>;
  answer: string;
  pace = 0;
  deaf = false;
  bytewise = false;
  quitAfter = false;
  interrupt: () => void = () => {};
  readonly waiting = new Map<string, (reply: ControlReply) => void>();
  stopped = false;

  constructor(given: Pick<Stage, "dir" | "id" | "prompt" | "session" | "answer" | "record">) {
    this.dir = given.dir;
    this.id = given.id;
    this.prompt = given.prompt;
    this.session = given.session;
    this.answer = given.answer;
    this.record = given.record;
    this.interrupted = new Promise((resolve) => {
      this.interrupt = () => {
        this.stopped = true;
        resolve();
      };
    });
  }

  raw(text: string): void {
    process.stdout.write(text);
  }

  emit(frame: Fields): void {
    this.raw(`${JSON.stringify({ ...frame, session_id: this.id, uuid: randomUUID() })}\n`);
  }

  stream(event: Fields, parent: string | null = null): void {
    this.emit({ type: "stream_event", event, parent_tool_use_id: parent });
  }

  /** A block of text, word by word. */
  async text(text: string): Promise<void> {
    this.stream({ type: "content_block_start", index: 0, content_block: { type: "text", text: "" } });
    for (const word of text.match(/\s*\S+\s*/g) ?? []) {
      if (this.stopped) return;
      const delta = { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: word } };
      if (this.bytewise) await this.bytes(delta);
      else this.stream(delta);
      if (this.pace > 0)
        await Promise.race([this.interrupted, new Promise((resolve) => setTimeout(resolve, this.pace))]);
    }
    this.stream({ type: "content_block_stop", index: 0 });
  }

  /** Each byte in a write of its own, so that the reader gets broken characters. */
  private async bytes(event: Fields): Promise<void> {
    const frame = { type: "stream_event", event, parent_tool_use_id: null, session_id: this.id };
    for (const byte of Buffer.from(`${JSON.stringify(frame)}\n`))
      await new Promise<void>((resolve) => void process.stdout.write(Buffer.of(byte), () => resolve()));
  }

  toolUse(name: string): string {
    const id = `toolu_${randomUUID()}`;
    this.stream({
      type: "content_block_start",
      index: 1,
      content_block: { type: "tool_use", id, name, input: {} },
    });
    const content = [{ type: "tool_use", id, name, input: { command: "true" } }];
    this.record.model(content, "tool_use");
    this.emit({ type: "assistant", message: { role: "assistant", content }, parent_tool_use_id: null });
    return id;
  }

  toolResult(id: string, failed: boolean): void {
    const content = [{ type: "tool_result", tool_use_id: id, content: "…", is_error: failed }];
    this.record.toolResult(id, failed);
    this.emit({ type: "user", message: { role: "user", content }, parent_tool_use_id: null });
    this.stream({ type: "message_start", message: {} });
  }

  async permission(tool: string, toolUse: string): Promise<PermissionReply> {
    const request = {
      subtype: "can_use_tool",
      tool_name: tool,
      input: { command: "true" },
      tool_use_id: toolUse,
    };
    return (await this.request(request)).response as PermissionReply;
  }

  request(request: Fields): Promise<ControlReply> {
    const id = randomUUID();
    this.emit({ type: "control_request", request_id: id, request });
    return new Promise((resolve) => this.waiting.set(id, resolve));
  }

  apiError(status: string): void {
    const [error, type, text] = API_ERRORS[status] ?? ["unknown", null, `API Error: ${status}`];
    const code = /^\d+$/.test(status) ? Number(status) : null;
    const content = [{ type: "text", text }];
    this.record.apiError(text, error);
    this.emit({
      type: "assistant",
      message: { role: "assistant", content },
      error,
      is_api_error_message: true,
    });
    this.result({
      is_error: true,
      result: text,
      api_error_status: code,
      ...(type !== null && { api_error_type: type }),
      terminal_reason: status === "400" ? "prompt_too_long" : "api_error",
    });
  }

  result(fields: Fields): void {
    this.session.cost = Math.round((this.session.cost + 0.01) * 100) / 100;
    writeSession(this.dir, this.id, this.session);
    this.emit({
      type: "result",
      subtype: "success",
      is_error: false,
      stop_reason: "end_turn",
      terminal_reason: "completed",
      api_error_status: null,
      total_cost_usd: this.session.cost,
      usage: {
        input_tokens: 100,
        cache_read_input_tokens: 50,
        cache_creation_input_tokens: 0,
        output_tokens: 20,
      },
      user_message_uuids: [this.prompt],
      ...fields,
    });
  }

  quit(code: number): void {
    process.stdout.write("", () => process.exit(code));
  }

  never(): Promise<"over"> {
    return new Promise((resolve) => void this.interrupted.then(() => !this.deaf && resolve("over")));
  }
}
