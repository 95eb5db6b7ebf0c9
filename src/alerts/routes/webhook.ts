import { messageOf, RollcallError } from "../../core/errors.ts";
import type { SecretRef } from "../../core/secret.ts";
import { SECOND } from "../../core/time.ts";
import type { AlertRouteKind } from "../../ports/alert-route.ts";
import type { Section } from "../../ports/section.ts";
import { wireOf } from "../words.ts";
import type { WebhookRouteOptions } from "./schema.ts";

const DEADLINE = 5 * SECOND;

/** Posts the alert as JSON. Delivered when the answer is 2xx. Redirects aren't followed. */
export const webhookRoute: AlertRouteKind<WebhookRouteOptions> = {
  kind: "webhook",
  schema: async () => (await import("./schema.ts")).webhookRouteSchema,
  async plan(section) {
    const { id: name, options, at } = section;
    const url = URL.parse(await textOf(section, options.url, "url"));
    if (url === null || !/^https?:$/.test(url.protocol))
      throw new RollcallError("config-invalid", {
        at: `${at}.url`,
        detail: `${at}.url: expected an http(s) address`,
      });
    const headers: Record<string, string> = {};
    for (const [header, value] of Object.entries(options.headers))
      headers[header] = await textOf(section, value, `headers.${header}`);
    return {
      name,
      over: null,
      open: (deps) => ({
        name,
        deadline: DEADLINE,
        problem: () => null,
        async send(alert, signal) {
          const body = JSON.stringify(wireOf(alert, deps));
          try {
            const status = await deps.http(url, {
              method: "POST",
              headers: {
                "content-type": "application/json",
                "content-length": String(Buffer.byteLength(body)),
                "user-agent": `rollcall/${deps.version}`,
                ...headers,
              },
              body,
              signal,
            });
            const ok = status >= 200 && status < 300;
            return { ok, detail: `it answered ${status}` };
          } catch (error) {
            return { ok: false, detail: messageOf(error) };
          }
        },
      }),
    };
  },
};

/** A literal is what it is; only what is kept elsewhere is looked up, and then never shown in a log. */
async function textOf(section: Section<unknown>, ref: SecretRef, key: string): Promise<string> {
  return typeof ref === "string" ? ref : section.secret(ref, key);
}
