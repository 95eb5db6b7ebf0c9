/** What a stranger is told who writes to an account that admits by pairing. */
export function pairingText(code: string, sender: string): string {
  return [
    "Hello! This assistant answers only people whom its owner has admitted.",
    `Your code is ${code} and your id is ${sender}.`,
    "Give the code to the owner, who can admit you with: rollcall pairing approve " + code,
  ].join("\n");
}
