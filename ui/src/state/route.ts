import { MAIN } from "../logic/conversations.ts";

/** What the page shows, as its address says it. A one-time code in the address is no route: it is used and removed. */
export type Route =
  | { readonly view: "chat"; readonly conversation: string; readonly message: string | null }
  | { readonly view: "status"; readonly message: string | null };

/** Reads the fragment of an address: `#/c/NAME[/ID]` or `#/status[/ID]`. Anything else is the main conversation. Pure. */
export function readRoute(fragment: string): Route {
  const [view, ...rest] = fragment.replace(/^#\/?/, "").split("/").map(decode);
  if (view === "status") return { view, message: rest[0] ?? null };
  const conversation = view === "c" && rest[0] !== undefined && rest[0] !== "" ? rest[0] : MAIN;
  return { view: "chat", conversation, message: (view === "c" ? rest[1] : undefined) ?? null };
}

/** Writes what {@link readRoute} reads. Pure. */
export function routeHref(route: Route): string {
  const parts = route.view === "status" ? ["status"] : ["c", route.conversation];
  if (route.message !== null) parts.push(route.message);
  return `#/${parts.map((part) => encodeURIComponent(part.toWellFormed())).join("/")}`;
}

/** The one-time sign-in code of an address, if it holds one. Pure. */
export function signInCode(fragment: string): string | null {
  return /^#code=([^&]+)$/.exec(fragment)?.[1] ?? null;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch (error) {
    if (error instanceof URIError) return part;
    throw error;
  }
}
