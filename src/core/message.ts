import type { Address } from "./address.ts";
import type { Bytes } from "./size.ts";
import type { Instant } from "./time.ts";

/** Who wrote a message, in the platform's ids. Names are for reading only; nothing is ever allowed by a name. */
export interface Sender {
  readonly id: string;
  readonly name: string;
  readonly username?: string;
}

/** What a file is to its sender: a voice note may be transcribed, an image shown to the model. */
export type AttachmentKind = "image" | "document" | "voice" | "audio" | "video";

/** A file that came with a message. It is fetched when its turn starts, so that accepting stays fast. */
export interface Attachment {
  readonly kind: AttachmentKind;
  /** The sender's name for it; cleaned before it becomes a path. */
  readonly name: string;
  readonly mime: string;
  readonly bytes?: Bytes;
  /** Already in our own blob folder, or still at the platform under the platform's reference. */
  readonly source:
    | { readonly kind: "blob"; readonly key: string }
    | { readonly kind: "platform"; readonly ref: string };
}

/** Whether a conversation has one person in it or several. */
export type ChatKind = "direct" | "group";

/** What the agent is shown of a message: immutable from the moment that it is accepted. */
export interface MessageBody {
  readonly text: string;
  readonly attachments: readonly Attachment[];
  readonly chat: { readonly kind: ChatKind; readonly title?: string; readonly topic?: string };
  /** The message that this one answers. */
  readonly quoted?: { readonly author: string; readonly text: string };
  readonly forwardedFrom?: string;
  /** When the platform says it was written. */
  readonly sentAt: Instant;
  /** The platform's id of the message, for quoting it in the answer. */
  readonly platformId?: string;
  /** Recent lines of a group that did not mention the bot, oldest first, bounded. */
  readonly groupTalk?: readonly GroupLine[];
  /** Platform's key of an album: its messages share it. */
  readonly album?: string;
  /** The text is an edit of a message that was accepted before. */
  readonly edited?: boolean;
  /** Answers go here instead of to the sender's own address. */
  readonly answerTo?: Address;
  /** For tests of the whole path: marks a message of the gateway's own. */
  readonly canary?: boolean;
}

/** One line of a group's talk that was not meant for the bot. */
export interface GroupLine {
  readonly author: string;
  readonly text: string;
  readonly at: Instant;
}

/**
 * What a person is allowed: the owner everything; a paired person an own session; the operator is whoever holds a
 * token of the API. Unknown people never reach an agent.
 */
export type Role = "owner" | "paired" | "operator" | "unknown";
