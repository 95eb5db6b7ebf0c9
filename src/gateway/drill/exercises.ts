import type { Exercise } from "./exercise.ts";
import { clockJump } from "./exercises/clock-jump.ts";
import { diskFull } from "./exercises/disk-full.ts";
import { gatewayKilled } from "./exercises/gateway-killed.ts";
import { harnessLost } from "./exercises/harness-lost.ts";
import { rateLimit } from "./exercises/rate-limit.ts";

/** What a drill goes through, in this order. */
export const EXERCISES: readonly Exercise[] = [harnessLost, gatewayKilled, diskFull, rateLimit, clockJump];
