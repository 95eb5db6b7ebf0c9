import type { EntryState } from "../core/entry.ts";
import type { MessageId } from "../core/ids.ts";

/** What the page and other watchers are told as it happens. The durable truth is the store; this is a hint to look. */
export type GatewayEvent =
  | {
      readonly type: "message";
      readonly id: MessageId;
      readonly conversation: string;
      readonly state: EntryState;
    }
  /** The answer so far, whole: a watcher that missed some shows the same. */
  | {
      readonly type: "progress";
      readonly id: MessageId;
      readonly conversation: string;
      readonly text: string;
      readonly activity: string | null;
    }
  /** Something in `GET /api/v1/status` changed. */
  | { readonly type: "status" };

/** The one stream of events, with a bounded memory for watchers that come back. */
export interface Events {
  publish(event: GatewayEvent): void;
  /**
   * Calls `watch` for each event from now on. Returns the end of the subscription.
   *
   * @param only events of this message alone: then thousands of watchers cost no more than one
   */
  subscribe(watch: (event: GatewayEvent, id: string) => void, only?: MessageId): () => void;
  /** Events after `id`, oldest first; undefined when they are no longer known and the watcher must start anew. */
  since(id: string): readonly { readonly id: string; readonly event: GatewayEvent }[] | undefined;
}
