import { randomUUID } from "node:crypto";
import { appendFileSync, mkdirSync } from "node:fs";
import path from "node:path";
import process from "node:process";

type Fields = Readonly<Record<string, unknown>>;

/** Where the real program keeps the record of a session. */
export function recordFile(home: string, cwd: string, session: string): string {
  return path.join(home, ".claude", "projects", cwd.replaceAll(/[^a-zA-Z0-9]/g, "-"), `${session}.jsonl`);
}

/** The record of one session, in the lines that the real program writes. */
export class SessionRecord {
  /** Nothing of this turn is written, as when the program is killed right after it took the prompt up. */
  silent = false;
  private readonly file: string | undefined;
  private readonly session: string;
  private parent: string | null = null;

  constructor(session: string) {
    const home = process.env["HOME"];
    this.session = session;
    this.file = home === undefined ? undefined : recordFile(home, process.cwd(), session);
  }

  prompt(content: unknown): void {
    this.write({ type: "queue-operation", operation: "enqueue" });
    this.write({ type: "queue-operation", operation: "dequeue" });
    this.step("user", { message: { role: "user", content }, promptSource: "sdk" });
    this.step("attachment", { attachment: { type: "environment", snapshot: {} } });
    // What is sent is recorded, too, with the prompt in it.
    this.write({ type: "api-request-blob", hash: "0", message: { role: "user", content } });
  }

  /** Blocks of one message; each is a line of its own. */
  model(content: readonly Fields[], stop: "end_turn" | "tool_use"): void {
    const id = `msg_${randomUUID()}`;
    const usage = { input_tokens: 100, cache_read_input_tokens: 50, output_tokens: 20 };
    for (const block of content)
      this.step("assistant", {
        message: {
          id,
          type: "message",
          role: "assistant",
          model: "fake",
          content: [block],
          stop_reason: stop,
          usage,
        },
      });
  }

  toolResult(id: string, failed: boolean): void {
    const content = [{ tool_use_id: id, type: "tool_result", content: "…", is_error: failed }];
    this.step("user", { message: { role: "user", content }, toolUseResult: {} });
  }

  apiError(text: string, error: string): void {
    const message = {
      id: randomUUID(),
      role: "assistant",
      model: "<synthetic>",
      stop_reason: "stop_sequence",
    };
    this.step("assistant", {
      message: { ...message, content: [{ type: "text", text }] },
      error,
      isApiErrorMessage: true,
    });
  }

  interrupted(): void {
    const content = [{ type: "text", text: "[Request interrupted by user]" }];
    this.step("user", { message: { role: "user", content } });
  }

  compacted(): void {
    this.step("system", { subtype: "compact_boundary", content: "Conversation compacted" });
    const content = "This session is being continued from a previous conversation.";
    this.step("user", { isCompactSummary: true, message: { role: "user", content } });
  }

  private step(type: string, fields: Fields): void {
    const uuid = randomUUID();
    const common = {
      parentUuid: this.parent,
      isSidechain: false,
      uuid,
      cwd: process.cwd(),
      version: "2.1.330",
    };
    this.write({ ...common, type, ...fields });
    this.parent = uuid;
  }

  private write(fields: Fields): void {
    if (this.file === undefined || this.silent) return;
    mkdirSync(path.dirname(this.file), { recursive: true });
    const line = { ...fields, timestamp: new Date().toISOString(), sessionId: this.session };
    appendFileSync(this.file, `${JSON.stringify(line)}\n`);
  }
}
