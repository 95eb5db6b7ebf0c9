import process from "node:process";
import { runCli } from "./cli/cli.ts";
import { processTerminal } from "./cli/terminal.ts";

/** Handles that something left open don't keep a finished command alive for longer than this, in milliseconds. */
const LINGER = 500;

process.exitCode = await runCli(processTerminal(process));
setTimeout(() => process.exit(), LINGER).unref();
