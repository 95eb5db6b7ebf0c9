import { messageOf, RollcallError } from "../../core/errors.ts";
import { SECOND, toIso } from "../../core/time.ts";
import type { Alert } from "../../core/alert.ts";
import type { AlertRouteKind } from "../../ports/alert-route.ts";
import { subjectLine } from "../words.ts";
import type { EmailRouteOptions } from "./schema.ts";

const DEADLINE = 10 * SECOND;

/** Sends a mail over SMTP. Delivered when the server has taken it for at least one receiver. */
export const emailRoute: AlertRouteKind<EmailRouteOptions> = {
  kind: "email",
  schema: async () => (await import("./schema.ts")).emailRouteSchema,
  async plan(section) {
    const { id: name, options, at } = section;
    const { smtp, to } = options;
    const server = URL.parse(typeof smtp === "string" ? smtp : await section.secret(smtp, "smtp"));
    if (server === null || !/^smtps?:$/.test(server.protocol) || server.hostname === "")
      throw new RollcallError("config-invalid", {
        at: `${at}.smtp`,
        detail: `${at}.smtp: expected an address such as "smtps://user:password@mail.example.org:465"`,
      });
    const { createTransport } = await import("nodemailer");
    return {
      name,
      over: null,
      open: ({ host, version }) => ({
        name,
        deadline: DEADLINE,
        problem: () => null,
        async send(alert, signal) {
          const transport = createTransport({ ...connectionOf(server), ...TIMES });
          const cut = (): void => transport.close();
          signal.addEventListener("abort", cut, { once: true });
          try {
            const sent = await transport.sendMail({
              from: options.from ?? senderOf(server, host),
              to,
              subject: subjectLine(alert),
              text: bodyOf(alert, host, version),
              messageId: `<${alert.id}@${host}>`,
              disableFileAccess: true,
              disableUrlAccess: true,
            });
            return { ok: sent.accepted.length > 0, detail: sent.response };
          } catch (error) {
            return { ok: false, detail: messageOf(error) };
          } finally {
            signal.removeEventListener("abort", cut);
            transport.close();
          }
        },
      }),
    };
  },
};

const TIMES = { connectionTimeout: DEADLINE, greetingTimeout: DEADLINE, socketTimeout: DEADLINE } as const;

const PORT = { secure: 465, plain: 587 } as const;

function connectionOf(server: URL) {
  const secure = server.protocol === "smtps:";
  const [user, pass] = [server.username, server.password].map(decodeURIComponent);
  return {
    // Brackets belong to addresses within a URL alone.
    host: server.hostname.replace(/^\[|\]$/g, ""),
    port: server.port === "" ? (secure ? PORT.secure : PORT.plain) : Number(server.port),
    secure,
    ...(user !== undefined && user !== "" && { auth: { user, pass: pass ?? "" } }),
  };
}

/** Most servers take mail only in the name of the login. */
function senderOf(server: URL, host: string): string {
  const user = decodeURIComponent(server.username);
  return user.includes("@") ? user : `rollcall@${host}`;
}

function bodyOf(alert: Alert, host: string, version: string): string {
  const lines = [
    alert.summary,
    "",
    alert.fix,
    "",
    `Incident: ${alert.incident}`,
    `Code: ${alert.code}`,
    `Since: ${toIso(alert.since)}`,
    `On: ${host}, Rollcall ${version}`,
  ];
  if (alert.severity !== "resolved" && alert.kind !== "test")
    lines.push("", `Taken over? rollcall alerts ack ${alert.incident}`);
  return `${lines.join("\n")}\n`;
}
