import { encodePart } from "../../core/address.ts";
import { EXIT } from "../../core/errors.ts";
import { onlyArg, type Run } from "../invocation.ts";
import { fieldList, fieldObject, fieldText, printJson, printTable, shortTime } from "../print.ts";
import { withOperations } from "../with-operations.ts";

export const run: Run = (invocation) =>
  withOperations(invocation, async (on) => {
    const { terminal } = invocation;
    const action = invocation.command.split(" ")[1];
    if (action === "approve" || action === "deny") {
      await on.decidePairing(onlyArg(invocation), action);
      terminal.out(action === "approve" ? "approved\n" : "denied\n");
    } else if (action === "revoke") {
      await on.revokePairing(onlyArg(invocation));
      terminal.out("revoked\n");
    } else {
      const answer = await on.pairings();
      if (invocation.flag("json")) printJson(terminal, answer);
      else
        printTable(
          terminal,
          ["CODE", "STATE", "SENDER", "NAME", "ASKED"],
          fieldList(answer, "pairings").map(row),
        );
    }
    return EXIT.ok;
  });

function row(pairing: Parameters<typeof fieldText>[0]): readonly string[] {
  const sender = fieldObject(pairing, "sender");
  const parts = [fieldText(pairing, "channel"), fieldText(pairing, "account"), fieldText(sender, "id")];
  return [
    fieldText(pairing, "code"),
    fieldText(pairing, "state"),
    parts.map(encodePart).join("/"),
    fieldText(sender, "name"),
    shortTime(fieldText(pairing, "at")),
  ];
}
