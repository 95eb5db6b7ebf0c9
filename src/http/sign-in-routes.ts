import { RollcallError } from "../core/errors.ts";
import { SECOND, toIso } from "../core/time.ts";
import { json, type Answer } from "./answer.ts";
import { readCookie } from "./auth.ts";
import { readFields, requiredText } from "./fields.ts";
import { HTTP_LIMITS } from "./limits.ts";
import type { Call, Context } from "./router.ts";

/** `POST /api/v1/links`: a one-time sign-in link. The code stands in the fragment, which no server or proxy sees. */
export async function createLink(context: Context, call: Call): Promise<Answer> {
  readFields(await call.body(), []);
  const { code, expiresAt } = context.signIn.code();
  return json(201, { url: linkUrl(context.baseUrl(), code), expiresAt: toIso(expiresAt) });
}

/** Where a code is used. Pure. */
export function linkUrl(base: string, code: string): string {
  return `${base}/#code=${code}`;
}

/** `POST /api/v1/sign-in`: a code becomes a session. */
export async function signIn(context: Context, call: Call): Promise<Answer> {
  // Nobody signs somebody else in: a browser tells where the request came from.
  const from = call.request.headers.origin;
  if (from !== undefined) checkOrigin(context, call, from);
  const fields = readFields(await call.body(HTTP_LIMITS.signInBody), ["code"]);
  const code = requiredText(fields, "code", { max: HTTP_LIMITS.nameUnits });
  const session = await context.signIn.exchange(code, call.origin.client);
  return { status: 204, headers: { "set-cookie": cookie(context, call, session, HTTP_LIMITS.sessionAge) } };
}

/** `POST /api/v1/sign-out` */
export async function signOut(context: Context, call: Call): Promise<Answer> {
  readFields(await call.body(), []);
  const session = readCookie(call.request.headers.cookie ?? "", context.signIn.cookieName);
  if (session !== undefined) await context.signIn.end(session);
  return { status: 204, headers: { "set-cookie": cookie(context, call, "", 0) } };
}

/**
 * What a write by cookie must show, since browsers send cookies along with requests that other sites made: the exact
 * origin, and a header that a foreign page can't set without asking first.
 *
 * @throws RollcallError `csrf-refused`
 */
export function checkCrossSite(context: Context, call: Call): void {
  checkOrigin(context, call, call.request.headers.origin ?? "");
  if (call.request.headers["x-rollcall"] !== "1")
    throw new RollcallError("csrf-refused", { at: "x-rollcall" });
}

function checkOrigin(context: Context, call: Call, from: string): void {
  const { publicUrl } = context.deps.gateway;
  const own = [`${call.origin.scheme}://${call.origin.host.toLowerCase()}`];
  if (publicUrl !== undefined && URL.canParse(publicUrl)) own.push(new URL(publicUrl).origin);
  if (own.includes(from)) return;
  throw new RollcallError("csrf-refused", {
    at: "origin",
    detail: `the page's origin is not ${own.join(" or ")}`,
    fix: "Behind a proxy, set gateway.publicUrl to the address that the browser shows.",
  });
}

function cookie(context: Context, call: Call, value: string, age: number): string {
  const { publicUrl } = context.deps.gateway;
  const secure = call.origin.scheme === "https" || publicUrl?.startsWith("https:") === true;
  const parts = [`${context.signIn.cookieName}=${value}`, "HttpOnly", "SameSite=Lax", "Path=/"];
  return [...parts, `Max-Age=${Math.floor(age / SECOND)}`, ...(secure ? ["Secure"] : [])].join("; ");
}
