import type { Message } from "../api/wire.ts";
import { answerText } from "./message-state.ts";

/** Longest text that is read out by itself; the rest is there to be read. */
const LONGEST = 600;

/** What a screen reader is told when a message has come to its end. Pure. */
export function spokenEnd(message: Message): string {
  switch (message.state) {
    case "done": {
      const text = answerText(message) ?? "";
      return `${message.agent} answered: ${text.length > LONGEST ? `${text.slice(0, LONGEST)} …` : text}`;
    }
    case "cancelled":
      return "Stopped.";
    case "dead":
    case "quarantined":
      return `${message.agent} failed on this message.`;
    case "absorbed":
    case "answered":
    case "held":
    case "queued":
    case "running":
      return "";
  }
}
