import { JSON_OUT, type CommandSpec } from "./command-spec.ts";

const pairing = () => import("./commands/pairing.ts");
const tokens = () => import("./commands/tokens.ts");

/** Commands about who may write, and with which token. */
export const ACCESS_COMMANDS: readonly CommandSpec[] = [
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
