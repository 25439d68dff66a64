// @anthropic-ai/bedrock-sdk, with a key in place of AWS credentials.

import AnthropicBedrock from "@anthropic-ai/bedrock-sdk";
import { casesOf } from "./anthropic_cases.mjs";
import { KEY, main, URL } from "./cases.mjs";

const client = new AnthropicBedrock({
  baseURL: URL,
  apiKey: KEY,
  defaultHeaders: { "anthropic-version": "bedrock-2023-05-31" },
});

await main(casesOf(client));
