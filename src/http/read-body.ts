import type { IncomingMessage, ServerResponse } from "node:http";
import { RollcallError } from "../core/errors.ts";
import type { Bytes } from "../core/size.ts";
import { HTTP_LIMITS } from "./limits.ts";
import { parseStrictJson } from "./strict-json.ts";

/**
 * Reads a request's body as JSON; an absent one is an empty object. The limit is kept while reading: a body beyond
 * it is never in memory. Compressed bodies are refused, so none can grow after it was measured.
 *
 * @throws RollcallError `media-type`, `request-too-large`, `request-malformed`
 */
export async function readJsonBody(
  request: IncomingMessage,
  response: ServerResponse,
  limit: Bytes,
): Promise<unknown> {
  const declared = Number(request.headers["content-length"] ?? 0);
  const hasBody = declared > 0 || request.headers["transfer-encoding"] !== undefined;
  if (!hasBody) return {};
  checkType(request);
  if (declared > limit) throw tooLarge(request, limit);
  if (request.headers.expect !== undefined) response.writeContinue();
  const bytes = await readBytes(request, limit);
  if (bytes.byteLength === 0) return {};
  return parseStrictJson(decode(bytes), HTTP_LIMITS.jsonDepth);
}

function checkType(request: IncomingMessage): void {
  const type = (request.headers["content-type"] ?? "").toLowerCase();
  if (!/^application\/json\s*(?:;\s*charset="?utf-8"?\s*)?$/.test(type))
    throw new RollcallError("media-type");
  const encoding = request.headers["content-encoding"] ?? "identity";
  if (encoding.toLowerCase() !== "identity") {
    throw new RollcallError("media-type", {
      detail: "compressed bodies are not taken",
      fix: "Send the body as it is, without Content-Encoding.",
    });
  }
}

function readBytes(request: IncomingMessage, limit: Bytes): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on("data", (chunk: Buffer) => {
      size += chunk.byteLength;
      if (size <= limit) {
        chunks.push(chunk);
        return;
      }
      chunks.length = 0;
      request.removeAllListeners("data");
      reject(tooLarge(request, limit));
    });
    let whole = false;
    request.on("end", () => {
      whole = true;
      resolve(Buffer.concat(chunks));
    });
    request.on("close", () => {
      if (!whole) reject(new RollcallError("request-malformed", { detail: "the body broke off" }));
    });
    // `close` follows and rejects.
    request.on("error", () => request.destroy());
  });
}

/** The rest is thrown away, so that the client can finish and read the answer; but not for ever. */
function tooLarge(request: IncomingMessage, limit: Bytes): RollcallError {
  let rest = 0;
  request.on("data", (chunk: Buffer) => {
    rest += chunk.byteLength;
    if (rest > HTTP_LIMITS.discard) request.destroy();
  });
  return new RollcallError("request-too-large", { detail: `at most ${limit} bytes are taken` });
}

function decode(bytes: Buffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new RollcallError("request-malformed", { detail: "the body is not UTF-8" });
  }
}
