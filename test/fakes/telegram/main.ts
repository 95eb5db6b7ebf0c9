// The fake as a process of its own:  node test/fakes/telegram/main.ts --token T [--port P]
// It prints one line of JSON, {root, control}. POST control/NAME with a JSON list calls that function of the fake with
// the list as its arguments, e.g. control/say with ["hello", {"from": 7}]. GET control/state says what there is.
import http from "node:http";
import type { AddressInfo } from "node:net";
import process from "node:process";
import { parseArgs } from "node:util";
import type { Script, ScriptHandle } from "./fault.ts";
import { startTelegram } from "./server.ts";

const { values } = parseArgs({
  options: {
    token: { type: "string", default: "7001:test" },
    port: { type: "string", default: "0" },
    limits: { type: "string", default: "on" },
  },
});
const fake = await startTelegram({
  token: values.token,
  port: Number(values.port),
  ...(values.limits === "off" && { limits: "off" as const }),
});
const scripts: ScriptHandle[] = [];

/** What may be called from outside, by name. */
const CONTROLS: Readonly<Record<string, (...args: never[]) => unknown>> = {
  say: fake.say,
  sayInGroup: fake.sayInGroup,
  sayFile: fake.sayFile,
  album: fake.album,
  edit: fake.edit,
  press: fake.press,
  migrate: fake.migrate,
  revoke: fake.revoke,
  setWebhook: fake.setWebhook,
  allowDrafts: fake.allowDrafts,
  repeat: (updateId: number) => fake.updates.repeat(updateId),
  setNextId: (id: number) => fake.updates.setNextId(id),
  meet: (id: number) => fake.chat(id).id,
  block: (id: number, blocked = true) => void (fake.chat(id).blocked = blocked),
  /** Returns the script's number, for `release` and `stop`. */
  script: (script: Script) => scripts.push(fake.script(script)) - 1,
  release: (number: number) => scripts[number]?.release(),
  stop: (number: number) => scripts[number]?.stop(),
  /** Everything below it was confirmed. */
  confirmed: () => fake.confirmedOffset,
  chats: () => chats(),
  close: () => void shut(),
};

const control = http.createServer((request, response) => {
  void handle(request).then(
    (result) => response.end(JSON.stringify({ result: result ?? null })),
    (error: unknown) => {
      response.statusCode = 400;
      response.end(JSON.stringify({ error: String(error) }));
    },
  );
});

async function handle(request: http.IncomingMessage): Promise<unknown> {
  const name = (request.url ?? "").split("/").at(-1) ?? "";
  if (request.method === "GET" && name === "state") return state();
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  const args: unknown = JSON.parse(Buffer.concat(chunks).toString("utf8") || "[]");
  const run = Object.hasOwn(CONTROLS, name) ? CONTROLS[name] : undefined;
  if (run === undefined || !Array.isArray(args)) throw new TypeError(`no control ${name}, or no list`);
  return run(...(args as never[]));
}

function state(): unknown {
  return {
    confirmedOffset: fake.confirmedOffset,
    polling: fake.updates.polling,
    waiting: fake.updates.waiting.length,
    commands: fake.commands,
    calls: fake.calls,
    chats: chats(),
  };
}

function chats(): readonly unknown[] {
  return fake.chats().map((chat) => ({
    ...chat,
    topics: undefined,
    messages: chat.messages.map(({ file, ...message }) => ({
      ...message,
      file:
        file === null
          ? null
          : {
              kind: file.kind,
              name: file.name,
              bytes: file.bytes.length,
              text: file.bytes.toString("utf8").slice(0, 100_000),
            },
    })),
  }));
}

async function shut(): Promise<void> {
  control.close();
  control.closeAllConnections();
  await fake.close();
}

process.on("SIGTERM", () => void shut());
control.listen(0, "127.0.0.1", () => {
  const { port } = control.address() as AddressInfo;
  process.stdout.write(
    `${JSON.stringify({ root: fake.root, control: `http://127.0.0.1:${port}/control` })}\n`,
  );
});
