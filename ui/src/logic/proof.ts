const LEVELS: Readonly<Record<string, string>> = {
  L0: "its program is there",
  L1: "its program answers",
  L2: "its login works",
  L3: "it has answered",
};

/** What was proven of a candidate, in words. Pure. */
export function levelWords(level: string | null): string {
  return LEVELS[level ?? ""] ?? "nothing is proven";
}

const PAID: Readonly<Record<string, string>> = {
  subscription: "subscription",
  key: "key",
  none: "nothing to pay",
};

/** How a harness is paid, in words. Pure. */
export function paidWords(paidBy: string | null): string {
  return PAID[paidBy ?? ""] ?? "not known";
}
