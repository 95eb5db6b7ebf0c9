import { Command, CommanderError, Option } from "commander";
import { EXIT, RollcallError, type ExitCode } from "../core/errors.ts";
import { commandFirst, wordsOf } from "./command-first.ts";
import { version } from "../gateway/version.ts";
import { COMMANDS, EVERYWHERE, FAMILIES, REMOTE } from "./command-list.ts";
import type { CommandSpec, OptionSpec } from "./command-spec.ts";
import type { Invocation } from "./invocation.ts";
import type { Terminal } from "./terminal.ts";

/** Reads the command line and runs what it names. @throws RollcallError `usage`, and whatever the command throws */
export async function runProgram(terminal: Terminal): Promise<ExitCode> {
  let exit: ExitCode = EXIT.ok;
  let help = "";
  const program = buildProgram(
    { out: (text) => terminal.out(text), err: (text) => (help += text) },
    async (spec, command) => {
      const { run } = await spec.load();
      exit = await run(invocationOf(terminal, spec, command));
    },
  );
  try {
    await program.parseAsync(commandFirst(terminal.argv, wordsOf(COMMANDS)), { from: "user" });
    return exit;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return EXIT.ok;
    if (error.code === "commander.help") terminal.err(help);
    throw usageError(error, terminal.argv);
  }
}

/** The parser, with every command declared and none loaded. */
export function buildProgram(
  output: { readonly out: (text: string) => void; readonly err: (text: string) => void },
  act: (spec: CommandSpec, command: Command) => Promise<void>,
): Command {
  const program = new Command("rollcall")
    .description("A gateway between the chat apps people use and the AI agents they run.")
    .exitOverride()
    .configureOutput({ writeOut: output.out, writeErr: output.err, outputError: () => undefined })
    .configureHelp({ showGlobalOptions: false, subcommandTerm: (command) => command.name() })
    .helpCommand("help [command]", "help for a command")
    .version(version, "-V, --version", "the version")
    .addHelpText("after", `\n${FIRST_STEPS}`);
  for (const spec of COMMANDS) declare(program, spec, act);
  return program;
}

const FIRST_STEPS = `First steps:
  rollcall start --try          a gateway on defaults, with a chat page
  rollcall send "hello"         a message to it
  rollcall status               how it is
  rollcall check                what a start with your configuration would find`;

function declare(
  program: Command,
  spec: CommandSpec,
  act: (spec: CommandSpec, command: Command) => Promise<void>,
): void {
  const [first = "", second] = spec.name.split(" ");
  const parent = second === undefined ? program : familyOf(program, first, spec.group);
  const command = parent
    .command(second ?? first)
    .description(spec.about)
    .helpGroup(`${spec.group}:`);
  if (spec.args !== undefined) command.argument(spec.args);
  for (const option of spec.options ?? []) addOption(command, option);
  command.optionsGroup("Options of every command:");
  for (const option of [...EVERYWHERE, ...(spec.remote ? REMOTE : [])]) addOption(command, option);
  command.addHelpText("after", `\nExamples:\n${spec.examples.map((example) => `  ${example}`).join("\n")}`);
  command.action(() => act(spec, command));
}

function familyOf(program: Command, name: string, group: string): Command {
  const known = program.commands.find((command) => command.name() === name);
  return (
    known ??
    program
      .command(name)
      .description(FAMILIES[name] ?? "")
      .helpGroup(`${group}:`)
  );
}

function addOption(command: Command, { flags, about }: OptionSpec): void {
  const several = flags.includes("...");
  const option = new Option(flags.replace("...", ""), about);
  // One value for each time, not all the words that follow.
  if (several) option.argParser((value: string, before: string[] | undefined) => [...(before ?? []), value]);
  command.addOption(option);
}

function invocationOf(terminal: Terminal, spec: CommandSpec, command: Command): Invocation {
  const options: Readonly<Record<string, unknown>> = command.opts();
  const value = (option: string): unknown =>
    options[option.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())];
  return {
    terminal,
    command: spec.name,
    args: command.args,
    text(option) {
      const given = value(option);
      return typeof given === "string" ? given : undefined;
    },
    texts(option) {
      const given = value(option);
      return Array.isArray(given) ? given.map(String) : [];
    },
    flag: (option) => value(option) === true,
  };
}

function usageError(error: CommanderError, argv: readonly string[]): RollcallError {
  const detail =
    error.code === "commander.help"
      ? "a command is missing"
      : error.message
          .replace(/^error: /, "")
          .replace(/\s*\(Did you mean (.*?)\?\)$/s, (_, near: string) => `; did you mean "${near}"?`);
  const first = COMMANDS.find(({ name }) => argv.includes(name.split(" ")[0] ?? ""))?.name.split(" ")[0];
  return new RollcallError("usage", {
    detail,
    fix: `See "${["rollcall help", first].filter(Boolean).join(" ")}".`,
  });
}
