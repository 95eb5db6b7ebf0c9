import type { Attachment, AttachmentKind } from "../../core/message.ts";
import { numberAt, objectAt, objectsAt, textAt, type Json } from "./json.ts";

interface MediaField {
  readonly key: string;
  readonly kind: AttachmentKind;
  readonly name: string;
  readonly mime: string;
}

/** In this order: an animation comes with a `document` of the same file. */
const MEDIA: readonly MediaField[] = [
  { key: "animation", kind: "video", name: "animation.mp4", mime: "video/mp4" },
  { key: "document", kind: "document", name: "document", mime: "application/octet-stream" },
  { key: "voice", kind: "voice", name: "voice.ogg", mime: "audio/ogg" },
  { key: "audio", kind: "audio", name: "audio.mp3", mime: "audio/mpeg" },
  { key: "video", kind: "video", name: "video.mp4", mime: "video/mp4" },
  { key: "video_note", kind: "video", name: "video-note.mp4", mime: "video/mp4" },
];

/** The files of one message; a photo in its largest size. Telegram puts at most one into a message. */
export function attachmentsOf(message: Json): readonly Attachment[] {
  const photo = largest(objectsAt(message, "photo"));
  if (photo !== undefined) {
    return attachment(photo, { key: "photo", kind: "image", name: "photo.jpg", mime: "image/jpeg" });
  }
  for (const media of MEDIA) {
    const file = objectAt(message, media.key);
    if (file !== undefined) return attachment(file, media);
  }
  return [];
}

function largest(sizes: readonly Json[]): Json | undefined {
  const area = (size: Json): number => (numberAt(size, "width") ?? 0) * (numberAt(size, "height") ?? 0);
  return sizes.toSorted((a, b) => area(b) - area(a))[0];
}

function attachment(file: Json, media: MediaField): readonly Attachment[] {
  const ref = textAt(file, "file_id");
  if (ref === undefined) return [];
  const bytes = numberAt(file, "file_size");
  const mime = textAt(file, "mime_type") ?? media.mime;
  return [
    {
      kind: media.kind === "document" && mime.startsWith("image/") ? "image" : media.kind,
      name: textAt(file, "file_name") ?? media.name,
      mime,
      ...(bytes !== undefined && { bytes }),
      source: { kind: "platform", ref },
    },
  ];
}

/** What a message shows that is neither text nor a file, in words; undefined when there is nothing. */
export function describeMedia(message: Json): string | undefined {
  const sticker = objectAt(message, "sticker");
  if (sticker !== undefined) return `[sticker ${textAt(sticker, "emoji") ?? ""}`.trimEnd() + "]";
  const place = describePlace(message);
  if (place !== undefined) return place;
  const contact = objectAt(message, "contact");
  if (contact !== undefined) {
    const names = [
      textAt(contact, "first_name"),
      textAt(contact, "last_name"),
      textAt(contact, "phone_number"),
    ];
    return `[contact ${names.filter((part) => part !== undefined).join(" ")}]`;
  }
  const poll = objectAt(message, "poll");
  if (poll !== undefined) {
    const options = objectsAt(poll, "options").map((option) => textAt(option, "text") ?? "");
    return `[poll: ${textAt(poll, "question") ?? ""} ${options.map((option) => `(${option})`).join(" ")}]`;
  }
  const dice = objectAt(message, "dice");
  if (dice !== undefined) return `[${textAt(dice, "emoji") ?? "dice"} ${numberAt(dice, "value") ?? ""}]`;
  const [file] = attachmentsOf(message);
  return file === undefined ? undefined : `[${file.kind}]`;
}

function describePlace(message: Json): string | undefined {
  const venue = objectAt(message, "venue");
  const location = objectAt(message, "location");
  if (location === undefined) return undefined;
  const [latitude, longitude] = [location["latitude"], location["longitude"]];
  if (typeof latitude !== "number" || typeof longitude !== "number") return undefined;
  const name =
    venue === undefined ? "" : `${textAt(venue, "title") ?? ""} ${textAt(venue, "address") ?? ""} `;
  return `[location ${name}${latitude}, ${longitude}]`;
}
