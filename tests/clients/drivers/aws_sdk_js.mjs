// The AWS SDK for JavaScript, InvokeModel, over HTTP/2: told where to go by the environment alone.

import {
  BedrockRuntimeClient,
  InvokeModelCommand,
  InvokeModelWithResponseStreamCommand,
} from "@aws-sdk/client-bedrock-runtime";
import { CITY_SCHEMA, getWeather, HELLO, main, MODEL, PACED, USE_TOOL } from "./cases.mjs";

const bedrock = new BedrockRuntimeClient();

const asked = (content) => ({ role: "user", content });
const read = (bytes) => JSON.parse(new TextDecoder().decode(bytes));

const input = (messages, more) => ({
  modelId: MODEL,
  contentType: "application/json",
  body: JSON.stringify({
    anthropic_version: "bedrock-2023-05-31",
    max_tokens: 256,
    messages,
    ...more,
  }),
});

async function whole() {
  const response = await bedrock.send(new InvokeModelCommand(input([asked(HELLO)])));
  const message = read(response.body);
  return {
    text: message.content[0].text,
    stop: message.stop_reason,
    output_tokens: message.usage.output_tokens,
  };
}

async function stream() {
  const command = new InvokeModelWithResponseStreamCommand(input([asked(PACED)]));
  const events = [];
  for await (const event of (await bedrock.send(command)).body) {
    events.push(read(event.chunk.bytes));
  }
  const deltas = events.filter((event) => event.type === "content_block_delta");
  const end = events.find((event) => event.type === "message_delta");
  return {
    text: deltas.map((event) => event.delta.text).join(""),
    pieces: deltas.length,
    stop: end.delta.stop_reason,
    output_tokens: end.usage.output_tokens,
  };
}

async function tools() {
  const weather = { name: "get_weather", description: "Weather", input_schema: CITY_SCHEMA };
  const send = (messages) => bedrock.send(new InvokeModelCommand(input(messages, { tools: [weather] })));
  const called = read((await send([asked(USE_TOOL)])).body);
  const use = called.content.find((block) => block.type === "tool_use");
  const result = { type: "tool_result", tool_use_id: use.id, content: getWeather(use.input) };
  const turns = [asked(USE_TOOL), { role: "assistant", content: called.content }, asked([result])];
  return { text: read((await send(turns)).body).content[0].text };
}

await main({ json: whole, stream, tools });
