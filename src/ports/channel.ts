import type { Address } from "../core/address.ts";
import type { AccessConfig } from "../core/config.ts";
import type { Delivery, DeliveryBody } from "../core/delivery.ts";
import type { ErrorCode } from "../core/errors.ts";
import type { Attachment } from "../core/message.ts";
import type { Bytes } from "../core/size.ts";
import type { Duration, Instant } from "../core/time.ts";
import type { Reply } from "../core/turn.ts";
import type { Clock } from "./clock.ts";
import type { Guard } from "./guard.ts";
import type { Intake } from "./intake.ts";
import type { Log } from "./log.ts";
import type { Processes } from "./process.ts";
import type { Random } from "./random.ts";
import type { Section, SectionSchema } from "./section.ts";
import type { ChannelStore } from "./store.ts";

/** What every channel is opened with. */
export interface ChannelDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly intake: Intake;
  readonly store: ChannelStore;
  /** Under it an update is read, so that one that crashes the process is found. */
  readonly guard: Guard;
  /** For configured commands, e.g. one that turns voice notes into text. */
  readonly processes: Processes;
  /** Network settings for every request of the channel: polls, sends and files alike. */
  readonly network: NetworkConfig;
  /** Names of the commands that the gateway answers itself, with one line each, for the platform's menu. */
  readonly commands: readonly { readonly name: string; readonly about: string }[];
}

/** How requests leave this machine. */
export interface NetworkConfig {
  readonly proxy?: string;
  readonly ipFamily: "auto" | "4" | "6";
}

/** A kind of channel, as the catalog lists it. */
export interface ChannelKind<Options = unknown> {
  readonly kind: string;
  /** The one account of a channel that has no credentials: it needs no configuration. */
  readonly implicitAccount?: string;
  readonly schema: SectionSchema<Options>;
  /** What an empty section means, equal to what the schema makes of it: spares loading the schema. */
  readonly defaults?: Options;
  /**
   * Plans one account and opens nothing yet.
   *
   * @throws RollcallError `config-invalid`, `secret-unresolved`
   */
  plan(section: Section<Options>): Promise<ChannelAccount>;
}

/** One checked account of a channel: what the roll call knows of it, before anything is opened. */
export interface ChannelAccount {
  readonly kind: string;
  readonly account: string;
  readonly access: AccessConfig;
  /** Equal text means that a running channel can go on across a reload. */
  readonly effectiveConfig: string;
  open(deps: ChannelDeps): Channel;
}

/** What a platform can do, as the outbox and the lanes need to know it. */
export interface ChannelCapabilities {
  /** Longest text of one part, in UTF-16 units. */
  readonly textUnits: number;
  readonly files: boolean;
  /** What an answer looks like while it is written: not at all, in events (the page), or by edits. */
  readonly progress: "none" | "events" | "edits";
  /** How a send in doubt is resolved: a marked repeat, an edit, a look at what is there, or a key that the platform deduplicates. */
  readonly inDoubt: "repeat" | "edit" | "read-back" | "nonce";
  /** With `nonce` and `read-back`: for how long the platform knows what was sent. For ever when absent. */
  readonly remembers?: Duration;
  /** Most sends under way at once over this account. */
  readonly inFlight?: number;
  /** A send disturbs nobody: it shows what people look for by themselves. Old answers go without a question. */
  readonly quiet?: boolean;
  /** Its people read the store itself: an answer is sent by being stored, in the same transaction. */
  readonly readsStore?: boolean;
  /** Largest file that the platform takes from us. */
  readonly fileBytes: Bytes;
}

/** How a channel account is doing, as its own receive path shows it. */
export interface ChannelState {
  /** `starting` until the first receive succeeded. */
  readonly status: "starting" | "connected" | "failing" | "stopped";
  readonly code: ErrorCode | null;
  /** For the operator. */
  readonly detail: string | null;
  readonly since: Instant;
  /** Monotonic time of the last successful receive, quiet or not; null before the first. Sends don't count. */
  readonly lastReceive: Duration | null;
  /** The bot's name on the platform, for people. */
  readonly name: string | null;
  /** Why it doesn't read on for now although it could: more waits than the gateway takes. Sends go on. */
  readonly paused?: { readonly code: ErrorCode; readonly detail: string } | null;
  /** Things the operator should know that are no fault, e.g. a platform setting that hides messages. */
  readonly hints: readonly string[];
}

/** How one send ended. Only `not-sent` is safe to repeat blindly. */
export type SendOutcome =
  | { readonly kind: "sent"; readonly platformId: string }
  /** Failed before any byte could reach the platform. */
  | { readonly kind: "not-sent"; readonly detail: string }
  /**
   * Refused for ever: blocked, chat gone, text not acceptable in any rendering. With `scope: "chat"` nothing can be
   * sent there at all.
   */
  | { readonly kind: "refused"; readonly detail: string; readonly scope?: "chat" }
  /** The platform paces us: not again before `after` from now, for this chat or for the whole account. */
  | { readonly kind: "wait"; readonly after: Duration; readonly scope: "chat" | "account" }
  /** The request may have arrived. */
  | { readonly kind: "in-doubt"; readonly detail: string };

/** What a look for an earlier sending found. */
export type FoundSent =
  | { readonly kind: "found"; readonly platformId: string }
  | { readonly kind: "absent" }
  /** The look failed: nothing is known. */
  | { readonly kind: "unknown"; readonly detail: string };

/** One try of one part, with what the channel must know of earlier tries. */
export interface SendRequest {
  /** Its `key` is the same in every try of the same part: what a platform that knows keys is told. */
  readonly delivery: Delivery;
  /** Platform id of the progress message that this part takes the place of, if one was sent. */
  readonly replaces: {
    readonly platformId: string;
    readonly sentAt: Instant;
    readonly editInDoubt: boolean;
  } | null;
  /** Whether an earlier try is in doubt: a repeat must begin with the mark. */
  readonly repeat: boolean;
  /** Whether this is the last part of its reply. */
  readonly last: boolean;
}

/** What the splitting of a reply may depend on. */
export interface ReplyContext {
  readonly address: Address;
  /** Platform id of the asker's message. */
  readonly quote: string | null;
  readonly chat: "direct" | "group";
}

/**
 * One account of a platform, open. It receives into the intake and sends what the outbox gives it; it keeps no
 * message in memory. After an error it is run again by its supervisor.
 */
export interface Channel {
  readonly kind: string;
  readonly account: string;
  readonly capabilities: ChannelCapabilities;
  /**
   * Receives until `signal` aborts. Rejects when receiving can't go on; transient faults are retried inside.
   * Confirms to the platform only what `intake.accept` has resolved for.
   *
   * @throws RollcallError `token-refused`, `channel-conflict`, `channel-unreachable`
   */
  run(signal: AbortSignal): Promise<void>;
  state(): ChannelState;
  /** Calls back on every change of `state()` beyond `lastReceive`. */
  onState(changed: () => void): void;
  /** Splits a reply into the bodies of its parts. Pure: the same reply gives the same parts. */
  plan(reply: Reply, context: ReplyContext): readonly DeliveryBody[];
  /** One try of one part. Never throws for what the platform says; bounded by its own deadline. */
  send(request: SendRequest, signal: AbortSignal): Promise<SendOutcome>;
  /** Where `inDoubt` is `read-back`: whether what was sent under this key is there. Bounded by 20 s. */
  findSent?(delivery: Delivery, signal: AbortSignal): Promise<FoundSent>;
  /**
   * How long the platform's pace leaves no room for another message there, in milliseconds; 0 when there is some. Takes
   * none. `extra` is what can be left out: it leaves room for the rest. Asked before each send; absent where there is
   * no pace to keep.
   */
  room?(address: Address, kind: "final" | "extra"): Duration;
  /** Where `progress` is `edits`: replaces the text of a sent message. One at a time per message. */
  edit?(address: Address, platformId: string, text: string, signal: AbortSignal): Promise<SendOutcome>;
  /** Shows that a message was seen or is being worked on, best effort: a reaction, or "typing". */
  acknowledge?(address: Address, platformId: string | null, phase: "accepted" | "working"): void;
  /**
   * Where attachments stay at the platform: fetches one into `path`.
   *
   * @throws RollcallError `attachment-refused` for ever, `channel-unreachable` for now
   */
  fetch?(attachment: Attachment, path: string, signal: AbortSignal): Promise<void>;
  /** Turns a voice note into text by the configured command, where there is one. */
  transcribe?(path: string, signal: AbortSignal): Promise<string | null>;
}
