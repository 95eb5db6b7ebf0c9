import { EXIT } from "../../core/errors.ts";
import { onlyArg, wholeNumber, type Run } from "../invocation.ts";
import { fieldList, fieldText, printJson, printTable, shortTime } from "../print.ts";
import { withOperations } from "../with-operations.ts";

export const run: Run = (invocation) =>
  withOperations(invocation, async (on) => {
    const { terminal } = invocation;
    if (invocation.command === "sessions reset") {
      await on.resetSession(onlyArg(invocation));
      terminal.out("the next turn begins afresh\n");
      return EXIT.ok;
    }
    const answer = await on.sessions(wholeNumber(invocation, "limit", 1, 200));
    if (invocation.flag("json")) printJson(terminal, answer);
    else {
      const rows = fieldList(answer, "sessions").map((session) => [
        fieldText(session, "key"),
        fieldText(session, "agent"),
        fieldText(session, "messages"),
        shortTime(fieldText(session, "lastAt")),
      ]);
      printTable(terminal, ["SESSION", "AGENT", "MESSAGES", "LAST"], rows);
    }
    return EXIT.ok;
  });
