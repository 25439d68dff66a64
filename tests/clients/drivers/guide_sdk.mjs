// The TypeScript samples of Anthropic's guide to Bedrock, with a key in place of AWS credentials.

import AnthropicBedrock from "@anthropic-ai/bedrock-sdk";
import { main } from "./cases.mjs";

const client = new AnthropicBedrock({
  awsRegion: "us-west-2",
  defaultHeaders: { "anthropic-version": "bedrock-2023-05-31" },
});

const asked = (model) => async () => {
  const message = await client.messages.create({
    model,
    max_tokens: 256,
    messages: [{ role: "user", content: "Hello, world" }],
  });
  return { text: message.content[0].text };
};

await main({
  globally: asked("global.anthropic.claude-sonnet-4-5-20250929-v1:0"),
  without_a_prefix: asked("anthropic.claude-sonnet-4-5-20250929-v1:0"),
});
