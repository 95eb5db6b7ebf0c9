import type { Box } from "../logic/unsent-box.ts";

/** The browser's storage, or one that forgets where the browser keeps none (private windows, a strict setting). */
export function openBox(): Box {
  try {
    const box = globalThis.localStorage;
    box.setItem("rollcall:probe", "1");
    box.removeItem("rollcall:probe");
    return box;
  } catch (error) {
    if (error instanceof DOMException) return createForgettingBox();
    throw error;
  }
}

/** Keeps as long as the page lives. */
export function createForgettingBox(): Box {
  const items = new Map<string, string>();
  return {
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => void items.set(key, value),
    removeItem: (key) => void items.delete(key),
    key: (index) => [...items.keys()][index] ?? null,
    get length() {
      return items.size;
    },
  };
}

const DRAFT = "rollcall:draft:";

/** What was typed in a conversation and not sent. */
export function readDraft(box: Box, conversation: string): string {
  return box.getItem(DRAFT + conversation) ?? "";
}

export function keepDraft(box: Box, conversation: string, text: string): void {
  if (text === "") return box.removeItem(DRAFT + conversation);
  try {
    box.setItem(DRAFT + conversation, text);
  } catch (error) {
    // No room: the draft lives in its field alone.
    if (!(error instanceof DOMException)) throw error;
  }
}
