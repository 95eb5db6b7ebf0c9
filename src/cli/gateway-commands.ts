import { JSON_OUT, type CommandSpec, type OptionSpec } from "./command-spec.ts";

const alerts = () => import("./commands/alerts.ts");
const service = () => import("./commands/systemd.ts");
const SERVICE_OPTIONS: readonly OptionSpec[] = [
  { flags: "--system <USER>", about: "a service of the system that runs as USER, instead of your own" },
  { flags: "--name <NAME>", about: "name of the unit (rollcall)" },
];
const ROOT: OptionSpec = { flags: "--root <DIR>", about: "only files, below DIR; systemd isn't asked" };

/** Commands about the gateway itself. */
export const GATEWAY_COMMANDS: readonly CommandSpec[] = [
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
    name: "drill",
    group: "Gateway",
    about:
      "play faults on a copy of your configuration, with made-up platforms and programs; exit 65 unless every promise holds",
    options: [
      {
        flags: "--only <NAME...>",
        about: "harness-lost, gateway-killed, disk-full, rate-limit or clock-jump",
      },
      { flags: "--keep", about: "leave the drill's folder for looking" },
      JSON_OUT,
    ],
    examples: ["rollcall drill", "rollcall drill --only gateway-killed --keep"],
    remote: false,
    load: () => import("./commands/drill.ts"),
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
    name: "reload",
    group: "Gateway",
    about: "take up the changed configuration, or say why not; running turns finish on the old one",
    options: [
      {
        flags: "--drop-agent <A...>",
        about: "take this agent away although messages wait for it: they are cancelled, their senders told",
      },
      JSON_OUT,
    ],
    examples: ["rollcall reload", "rollcall reload --drop-agent research"],
    remote: true,
    load: () => import("./commands/reload.ts"),
  },
  {
    name: "alerts list",
    group: "Gateway",
    about: "what is wrong or was, newest first",
    options: [JSON_OUT],
    examples: ["rollcall alerts list"],
    remote: true,
    load: alerts,
  },
  {
    name: "alerts ack",
    group: "Gateway",
    args: "[INCIDENT]",
    about: "take an incident over, or all of them: no more reminders",
    options: [JSON_OUT],
    examples: ["rollcall alerts ack i_0abc", "rollcall alerts ack"],
    remote: true,
    load: alerts,
  },
  {
    name: "alerts mute",
    group: "Gateway",
    args: "<DURATION>",
    about: "send no alerts for a while; off ends it. What is wrong then is told",
    options: [JSON_OUT],
    examples: ["rollcall alerts mute 2h", "rollcall alerts mute off"],
    remote: true,
    load: alerts,
  },
  {
    name: "alerts test",
    group: "Gateway",
    about: "a test alert down every route; exit 65 unless each gives a receipt",
    options: [JSON_OUT],
    examples: ["rollcall alerts test"],
    remote: true,
    load: alerts,
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
    name: "backup",
    group: "Gateway",
    args: "<FILE>",
    about: "everything in one file, while the gateway runs or not: messages, files, configuration, sessions",
    options: [
      {
        flags: "--secrets",
        about: "with the gateway's token and the secrets that stand in the configuration",
      },
      JSON_OUT,
    ],
    examples: ["rollcall backup /var/backups/rollcall.tar.gz"],
    remote: true,
    load: () => import("./commands/backup.ts"),
  },
  {
    name: "restore",
    group: "Gateway",
    args: "[FILE]",
    about:
      "put a backup back; what was there is kept beside. Without FILE: go on with a store that is behind its mark",
    options: [
      {
        flags: "--accept-loss",
        about: "also when messages are lost by it: the store is newer than the backup, or behind its mark",
      },
      JSON_OUT,
    ],
    examples: ["rollcall restore /var/backups/rollcall.tar.gz", "rollcall restore --accept-loss"],
    remote: false,
    load: () => import("./commands/restore.ts"),
  },
  {
    name: "service print",
    group: "Gateway",
    about: "the systemd unit that install would write, and the names of its variables",
    options: SERVICE_OPTIONS,
    examples: ["rollcall service print --config rollcall.json5"],
    remote: false,
    load: service,
  },
  {
    name: "service install",
    group: "Gateway",
    about: "check in the service's own environment, then write the unit, enable and start it",
    options: [...SERVICE_OPTIONS, ROOT],
    examples: [
      "rollcall service install --config rollcall.json5",
      "sudo rollcall service install --system bot",
    ],
    remote: false,
    load: service,
  },
  {
    name: "service uninstall",
    group: "Gateway",
    about: "stop and disable the service and take its files away; configuration and state stay",
    options: [...SERVICE_OPTIONS, ROOT],
    examples: ["rollcall service uninstall"],
    remote: false,
    load: service,
  },
];
