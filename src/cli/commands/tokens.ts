import { EXIT } from "../../core/errors.ts";
import { onlyArg, type Run } from "../invocation.ts";
import { fieldList, fieldText, printJson, printTable, shortTime } from "../print.ts";
import { withOperations } from "../with-operations.ts";

export const run: Run = (invocation) =>
  withOperations(invocation, async (on) => {
    const { terminal } = invocation;
    const action = invocation.command.split(" ")[1];
    if (action === "revoke") {
      await on.revokeToken(onlyArg(invocation));
      terminal.out("revoked\n");
      return EXIT.ok;
    }
    const answer = action === "create" ? await on.createToken(onlyArg(invocation)) : await on.tokens();
    if (invocation.flag("json")) printJson(terminal, answer);
    else if (action === "create") {
      terminal.out(`${fieldText(answer, "token")}\n`);
      terminal.err("rollcall: this is the only time that the token is shown\n");
    } else {
      const rows = fieldList(answer, "tokens").map((token) => [
        fieldText(token, "id"),
        fieldText(token, "name"),
        shortTime(fieldText(token, "createdAt")),
      ]);
      printTable(terminal, ["ID", "NAME", "CREATED"], rows);
    }
    return EXIT.ok;
  });
