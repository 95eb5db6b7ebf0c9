const SCHEMES: readonly string[] = ["http:", "https:", "mailto:"];

/**
 * A link's target if it may be followed: an absolute http, https or mailto address. Relative ones lead nowhere from an
 * answer, and every other scheme can run code or start a program. Pure.
 */
export function safeLink(href: string): string | undefined {
  if (!URL.canParse(href)) return undefined;
  const url = new URL(href);
  return SCHEMES.includes(url.protocol) ? url.href : undefined;
}

/** Whether an image is contained in the text itself. Others would tell their host who reads this. Pure. */
export function isInlineImage(href: string): boolean {
  return /^data:image\/(?:png|jpeg|gif|webp);base64,[0-9a-z+/=]+$/i.test(href);
}
