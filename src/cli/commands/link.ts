import { EXIT } from "../../core/errors.ts";
import { needGateway } from "../connect.ts";
import type { Run } from "../invocation.ts";
import { fieldText, printJson } from "../print.ts";

export const run: Run = async (invocation) => {
  const { terminal } = invocation;
  const answer = await needGateway(invocation).client.post("/api/v1/links", {});
  if (invocation.flag("json")) {
    printJson(terminal, answer);
    return EXIT.ok;
  }
  const url = fieldText(answer, "url");
  if (invocation.flag("qr")) {
    const { renderUnicodeCompact } = await import("uqr");
    terminal.out(`${renderUnicodeCompact(url)}\n`);
  }
  terminal.out(`${url}\n`);
  return EXIT.ok;
};
