// @anthropic-ai/sdk in Node.

import Anthropic from "@anthropic-ai/sdk";
import { casesOf } from "./anthropic_cases.mjs";
import { KEY, main, URL } from "./cases.mjs";

const client = new Anthropic({ baseURL: URL, apiKey: KEY });

await main(casesOf(client));
