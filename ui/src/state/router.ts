import { signal, type ReadonlySignal } from "@preact/signals";
import { MAIN } from "../logic/conversations.ts";
import { readRoute, routeHref, signInCode, type Route } from "./route.ts";

/** The page's address as a route. */
export interface Router {
  readonly route: ReadonlySignal<Route>;
  /** Whether the page was opened by a sign-in link. */
  readonly byLink: boolean;
  go(to: Route): void;
}

/**
 * Follows the fragment of the page's address. A one-time sign-in code is taken out of the address, and out of the
 * browser's history, before it is used.
 */
export function createRouter(onCode: (code: string) => void): Router {
  const home: Route = { view: "chat", conversation: MAIN, message: null };
  const route = signal<Route>(home);
  const follow = (): boolean => {
    const code = signInCode(location.hash);
    if (code === null) {
      route.value = readRoute(location.hash);
      return false;
    }
    history.replaceState(null, "", routeHref(route.peek()));
    onCode(code);
    return true;
  };
  addEventListener("hashchange", follow);
  return {
    route,
    byLink: follow(),
    go(to) {
      if (routeHref(to) !== location.hash) location.hash = routeHref(to);
    },
  };
}
