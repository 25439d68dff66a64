// The Vercel AI SDK with its Anthropic provider.

import { createAnthropic } from "@ai-sdk/anthropic";
import { KEY, main, MODEL, URL } from "./cases.mjs";
import { casesOf } from "./vercel_cases.mjs";

const anthropic = createAnthropic({ baseURL: `${URL}/v1`, apiKey: KEY });

await main(casesOf(anthropic(MODEL)));
