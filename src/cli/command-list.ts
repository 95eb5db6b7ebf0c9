import type { Run } from "./invocation.ts";

/** An option as help shows it: `--limit <N>` takes a value, `--file <F...>` may stand several times. */
export interface OptionSpec {
  readonly flags: string;
  readonly about: string;
}

/** A command: data, so that help, guide and parser are made of the same. Its code is loaded when it runs. */
export interface CommandSpec {
  /** One word, or two for a command of a family. */
  readonly name: string;
  readonly group: "Gateway" | "Messages" | "Access";
  /** As help writes arguments: `<ID>`, `[TEXT...]`. */
  readonly args?: string;
  readonly about: string;
  readonly options?: readonly OptionSpec[];
  readonly examples: readonly string[];
  /** Whether it talks to a running gateway. */
  readonly remote: boolean;
  readonly load: () => Promise<{ readonly run: Run }>;
}

/** What families of commands are about. */
export const FAMILIES: Readonly<Record<string, string>> = {
  messages: "a message's whole life, and what an operator can do with it",
  pairing: "strangers who ask to be admitted",
  tokens: "tokens of the API",
  sessions: "lasting contexts of agents",
};

/** Options of every command. */
export const EVERYWHERE: readonly OptionSpec[] = [
  { flags: "--config <FILE>", about: "configuration (else ROLLCALL_CONFIG, ./rollcall.json5, the user's)" },
  { flags: "--state <DIR>", about: "state directory (else ROLLCALL_STATE_DIR, ./.rollcall, the user's)" },
];

/** Options of commands that talk to a running gateway. */
export const REMOTE: readonly OptionSpec[] = [
  { flags: "--url <URL>", about: "a gateway elsewhere, instead of the one of the state directory" },
  { flags: "--token <TOKEN>", about: "its token (else ROLLCALL_TOKEN)" },
];

const JSON_OUT: OptionSpec = { flags: "--json", about: "for programs" };
const messages = () => import("./commands/messages.ts");
const pairing = () => import("./commands/pairing.ts");
const tokens = () => import("./commands/tokens.ts");
const sessions = () => import("./commands/sessions.ts");

/** Every command, in the order of help. */
export const COMMANDS: readonly CommandSpec[] = [
  {
    name: "start",
    group: "Gateway",
    about: "run the gateway in the foreground",
    options: [
      { flags: "--try", about: "serve on defaults when there is no configuration" },
      { flags: "--host <HOST>", about: "address to listen on, instead of gateway.host" },
      { flags: "--port <N>", about: "port to listen on, instead of gateway.port; 0 takes a free one" },
      { flags: "--log-format <FORMAT>", about: "json or pretty (pretty on a terminal)" },
    ],
    examples: ["rollcall start", "rollcall start --try --port 8080"],
    remote: false,
    load: () => import("./commands/start.ts"),
  },
  {
    name: "check",
    group: "Gateway",
    about: "everything a start would find wrong, without starting; prints the roll",
    options: [
      { flags: "--probe", about: "also ask every candidate whether it could serve" },
      { flags: "--strict", about: "warnings count as findings (exit 65)" },
      JSON_OUT,
    ],
    examples: ["rollcall check", "rollcall check --probe --config rollcall.json5"],
    remote: false,
    load: () => import("./commands/check.ts"),
  },
  {
    name: "status",
    group: "Gateway",
    about: "the running gateway: agents, harnesses, channels, what waits and what is held",
    options: [{ flags: "--agent <A>", about: "only this agent; exit 75 when it can't be served" }, JSON_OUT],
    examples: ["rollcall status", "rollcall status --agent main --json"],
    remote: true,
    load: () => import("./commands/status.ts"),
  },
  {
    name: "logs",
    group: "Gateway",
    about: "the last lines of the log",
    options: [
      { flags: "-f, --follow", about: "go on with new lines" },
      { flags: "--lines <N>", about: "how many (50)" },
      { flags: "--json", about: "as they are stored" },
    ],
    examples: ["rollcall logs", "rollcall logs -f"],
    remote: false,
    load: () => import("./commands/logs.ts"),
  },
  {
    name: "link",
    group: "Gateway",
    about: "a one-time link that signs in to the page",
    options: [{ flags: "--qr", about: "also as a code to scan" }, JSON_OUT],
    examples: ["rollcall link", "rollcall link --qr"],
    remote: true,
    load: () => import("./commands/link.ts"),
  },
  {
    name: "drain",
    group: "Gateway",
    about: "stop the running gateway; what isn't answered yet is kept for the next start",
    options: [{ flags: "--wait <D>", about: "how long to wait for its end (1m)" }],
    examples: ["rollcall drain", "rollcall drain --wait 5m"],
    remote: true,
    load: () => import("./commands/drain.ts"),
  },
  {
    name: "send",
    group: "Messages",
    args: "[TEXT...]",
    about: "a message to an agent; the answer streams to the terminal. TEXT - reads standard input",
    options: [
      { flags: "--agent <A>", about: "agent (the first one)" },
      { flags: "--conversation <C>", about: "name of the conversation to go on with" },
      { flags: "--to <ADDRESS>", about: "the answer goes to this chat instead" },
      { flags: "--file <F...>", about: "attach a file; may stand several times" },
      { flags: "--no-wait", about: "print the message's id and don't wait for the answer" },
    ],
    examples: [
      'rollcall send "what is new?"',
      "git diff | rollcall send --agent main -",
      "rollcall send --file photo.jpg what is this",
      "rollcall send --to telegram/default/12345 say good morning",
    ],
    remote: true,
    load: () => import("./commands/send.ts"),
  },
  {
    name: "notify",
    group: "Messages",
    args: "[TEXT...]",
    about: "plain text to a chat, durably, without an agent. TEXT - reads standard input",
    options: [
      { flags: "--to <ADDRESS>", about: "the chat (required)" },
      { flags: "--id <ID>", about: "the same id is the same notification" },
      JSON_OUT,
    ],
    examples: ['rollcall notify --to telegram/default/12345 "backup done"'],
    remote: true,
    load: () => import("./commands/notify.ts"),
  },
  {
    name: "messages list",
    group: "Messages",
    about: "the latest messages",
    options: [
      {
        flags: "--only <STATES>",
        about: "only these states, with commas: queued,held,running,answered,done,dead,…",
      },
      { flags: "--limit <N>", about: "how many (50)" },
      { flags: "--cursor <CURSOR>", about: "where the last list ended" },
      JSON_OUT,
    ],
    examples: ["rollcall messages list", "rollcall messages list --only held,dead"],
    remote: true,
    load: messages,
  },
  {
    name: "messages show",
    group: "Messages",
    args: "<ID>",
    about: "one message with its whole life",
    options: [JSON_OUT],
    examples: ["rollcall messages show m_0abc"],
    remote: true,
    load: messages,
  },
  {
    name: "messages retry",
    group: "Messages",
    args: "<ID>",
    about: "queue a dead or quarantined message again",
    options: [JSON_OUT],
    examples: ["rollcall messages retry m_0abc"],
    remote: true,
    load: messages,
  },
  {
    name: "messages rerun",
    group: "Messages",
    args: "<ID>",
    about: "an ended message anew, as a new message",
    options: [
      { flags: "--agent <A>", about: "by another agent" },
      { flags: "--dry-run", about: "only say what would run" },
      JSON_OUT,
    ],
    examples: ["rollcall messages rerun m_0abc --dry-run", "rollcall messages rerun m_0abc --agent other"],
    remote: true,
    load: messages,
  },
  {
    name: "messages cancel",
    group: "Messages",
    args: "<ID>",
    about: "cancel a waiting message, or stop its turn",
    options: [JSON_OUT],
    examples: ["rollcall messages cancel m_0abc"],
    remote: true,
    load: messages,
  },
  {
    name: "sessions list",
    group: "Messages",
    about: "the latest sessions",
    options: [{ flags: "--limit <N>", about: "how many (50)" }, JSON_OUT],
    examples: ["rollcall sessions list"],
    remote: true,
    load: sessions,
  },
  {
    name: "sessions reset",
    group: "Messages",
    args: "<SESSION>",
    about: "begin a session afresh: its next turn knows nothing of the last ones",
    examples: ["rollcall sessions reset agent:main:telegram:direct:12345"],
    remote: true,
    load: sessions,
  },
  {
    name: "pairing list",
    group: "Access",
    about: "who asked to be admitted, and what was decided",
    options: [JSON_OUT],
    examples: ["rollcall pairing list"],
    remote: true,
    load: pairing,
  },
  {
    name: "pairing approve",
    group: "Access",
    args: "<CODE>",
    about: "admit the person who was shown this code",
    examples: ["rollcall pairing approve K7QX2M"],
    remote: true,
    load: pairing,
  },
  {
    name: "pairing deny",
    group: "Access",
    args: "<CODE>",
    about: "refuse the person who was shown this code",
    examples: ["rollcall pairing deny K7QX2M"],
    remote: true,
    load: pairing,
  },
  {
    name: "pairing revoke",
    group: "Access",
    args: "<SENDER>",
    about: "take an admission back: SENDER is channel/account/id, as `pairing list` shows it",
    examples: ["rollcall pairing revoke telegram/default/12345"],
    remote: true,
    load: pairing,
  },
  {
    name: "tokens list",
    group: "Access",
    about: "names and ids of the tokens; never the tokens themselves",
    options: [JSON_OUT],
    examples: ["rollcall tokens list"],
    remote: true,
    load: tokens,
  },
  {
    name: "tokens create",
    group: "Access",
    args: "<NAME>",
    about: "a new token, printed this once",
    options: [JSON_OUT],
    examples: ["rollcall tokens create monitoring"],
    remote: true,
    load: tokens,
  },
  {
    name: "tokens revoke",
    group: "Access",
    args: "<ID>",
    about: "end a token at once",
    examples: ["rollcall tokens revoke k_0abc"],
    remote: true,
    load: tokens,
  },
];
