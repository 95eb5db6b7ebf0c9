import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Page } from "../state/page.ts";

/** The page, for every view below the root. */
export const PageContext = createContext<Page | null>(null);

/** @throws TypeError outside of the root: a mistake of ours */
export function usePage(): Page {
  const page = useContext(PageContext);
  if (page === null) throw new TypeError("a view stands outside of the page");
  return page;
}
