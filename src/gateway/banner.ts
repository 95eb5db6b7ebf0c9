import type { SettledConfig } from "./settle-config.ts";

export interface BannerInput {
  readonly settled: SettledConfig;
  readonly link: string;
  readonly url: string;
  readonly pretty: boolean;
}

/** What a first start says to the person at the terminal. Goes to stderr, so that the log on stdout stays a log. */
export function printBanner({ settled, link, url, pretty }: BannerInput): void {
  const bold = (text: string): string => (pretty ? `\u001B[1m${text}\u001B[0m` : text);
  const agent = settled.config.agents.list[0];
  const serves = agent.model.primary.split("/")[0] ?? agent.model.primary;
  const lines = [
    "",
    `  ${bold("Rollcall")} serves agent ${bold(agent.id)} with ${bold(serves)}${settled.because === null ? "" : ` (${settled.because})`}.`,
    settled.path === null
      ? "  To change that, write rollcall.json5 and start again; see docs/guides/configuration.md."
      : `  Configuration: ${settled.path}`,
    "",
    `  Open the chat page:  ${bold(link)}`,
    "                       (the link signs you in once, within ten minutes; make another with: ./rollcall.js link)",
    `  From a terminal:     ./rollcall.js send "hello"`,
    `  Health:              ${url}/readyz`,
    "",
  ];
  process.stderr.write(`${lines.join("\n")}\n`);
}
