import { EXIT, RollcallError } from "../../core/errors.ts";
import { LIMITS } from "../../core/limits.ts";
import { attachFiles } from "../attach-files.ts";
import type { Json } from "../client.ts";
import { needGateway } from "../connect.ts";
import { followMessage } from "../follow-message.ts";
import type { Invocation, Run } from "../invocation.ts";
import { fieldObject, fieldText } from "../print.ts";
import { readText } from "../read-text.ts";

export const run: Run = async (invocation) => {
  const { terminal } = invocation;
  const body = await readBody(invocation);
  const { client } = needGateway(invocation);
  const send = async (): Promise<string> => {
    const answer = await client.post("/api/v1/messages", body);
    return fieldText(fieldObject(answer, "message"), "id");
  };
  // Commander turns --no-wait into an option `wait` that is true otherwise.
  if (!invocation.flag("wait")) {
    terminal.out(`${await send()}\n`);
    return EXIT.ok;
  }
  return followMessage({ client, terminal, send, to: invocation.text("to") });
};

async function readBody(invocation: Invocation): Promise<Json> {
  const files = invocation.texts("file");
  const attachments = await attachFiles(files);
  const text = await readText(invocation, attachments.length > 0);
  const optional = ["agent", "conversation", "to"].map((key) => [key, invocation.text(key)] as const);
  const body = {
    text,
    ...Object.fromEntries(optional.filter(([, value]) => value !== undefined)),
    ...(attachments.length > 0 && { attachments }),
  };
  if (JSON.stringify(body).length > LIMITS.requestBytes) {
    throw new RollcallError("request-too-large", {
      detail: `the files are larger than ${LIMITS.requestBytes} bytes together`,
    });
  }
  return body;
}
