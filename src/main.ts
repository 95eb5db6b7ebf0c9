import process from "node:process";
import { runCli } from "./cli/cli.ts";
import { processTerminal } from "./cli/terminal.ts";
import { EXIT } from "./core/errors.ts";

/** Handles that something left open don't keep a finished command alive for longer than this, in milliseconds. */
const LINGER = 500;

const code = await runCli(processTerminal(process));
// An orderly end of the process would close a database whose disk failed, and write to it. This one touches nothing.
if (code === EXIT.io || code === EXIT.state) process.exit(code);
process.exitCode = code;
setTimeout(() => process.exit(), LINGER).unref();
