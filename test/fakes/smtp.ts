// As much of a mail server (RFC 5321) as an alert needs: it takes mails, and refuses what it is told to refuse.
import { createServer, type Socket } from "node:net";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";

export interface Mail {
  readonly from: string;
  readonly to: readonly string[];
  /** Headers and text as they were sent. */
  readonly data: string;
}

export interface FakeSmtp {
  readonly port: number;
  readonly mails: readonly Mail[];
  /** Logins that were tried, decoded. */
  readonly logins: readonly string[];
  refuses: boolean;
}

export async function startSmtp(t: Pick<TestContext, "after">): Promise<FakeSmtp> {
  const mails: Mail[] = [];
  const logins: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    serve(socket, smtp, mails, logins);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  });
  const smtp: FakeSmtp = { port: (server.address() as AddressInfo).port, mails, logins, refuses: false };
  return smtp;
}

function serve(socket: Socket, smtp: FakeSmtp, mails: Mail[], logins: string[]): void {
  const say = (line: string): void => void socket.write(`${line}\r\n`);
  let mail: { from: string; to: string[]; data: string } = { from: "", to: [], data: "" };
  let inData = false;
  let rest = "";
  say("220 fake ready");
  socket.setEncoding("utf8").on("data", (chunk: string) => {
    rest += chunk;
    for (let end = rest.indexOf("\r\n"); end !== -1; end = rest.indexOf("\r\n")) {
      const line = rest.slice(0, end);
      rest = rest.slice(end + 2);
      if (!inData) command(line);
      else if (line === ".") {
        inData = false;
        mails.push(mail);
        mail = { from: "", to: [], data: "" };
        say("250 taken");
      } else mail.data += `${line}\n`;
    }
  });
  const command = (line: string): void => {
    const [verb = "", ...args] = line.split(" ");
    switch (verb.toUpperCase()) {
      case "EHLO":
        return say("250-fake\r\n250 AUTH PLAIN");
      case "AUTH":
        logins.push(
          Buffer.from(args[1] ?? "", "base64")
            .toString("utf8")
            .replaceAll("\0", " ")
            .trim(),
        );
        return say("235 in");
      case "MAIL":
        mail.from = between(line);
        return say("250 ok");
      case "RCPT":
        if (smtp.refuses) return say("550 nobody here");
        mail.to.push(between(line));
        return say("250 ok");
      case "DATA":
        inData = true;
        return say("354 go on");
      case "QUIT":
        say("221 bye");
        return void socket.end();
      default:
        return say("250 ok");
    }
  };
}

const between = (line: string): string => /<([^>]*)>/.exec(line)?.[1] ?? "";
