import { EXIT, RollcallError } from "../../core/errors.ts";
import { needGateway } from "../connect.ts";
import type { Run } from "../invocation.ts";
import { fieldObject, fieldText, printJson } from "../print.ts";
import { readText } from "../read-text.ts";

export const run: Run = async (invocation) => {
  const to = invocation.text("to");
  if (to === undefined) throw new RollcallError("usage", { detail: "notify needs --to ADDRESS" });
  const text = await readText(invocation);
  const id = invocation.text("id");
  const answer = await needGateway(invocation).client.post("/api/v1/notify", {
    to,
    text,
    ...(id !== undefined && { id }),
  });
  if (invocation.flag("json")) printJson(invocation.terminal, answer);
  else invocation.terminal.out(`${fieldText(fieldObject(answer, "delivery"), "id")}\n`);
  return EXIT.ok;
};
