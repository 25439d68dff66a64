// The AWS SDK for JavaScript, Converse, over HTTP/2: told where to go by the environment alone.

import {
  BedrockRuntimeClient,
  ConverseCommand,
  ConverseStreamCommand,
} from "@aws-sdk/client-bedrock-runtime";
import { CITY_SCHEMA, getWeather, HELLO, main, MODEL, PACED, USE_TOOL } from "./cases.mjs";

const bedrock = new BedrockRuntimeClient();

const asked = (...content) => ({ role: "user", content });

async function whole() {
  const command = new ConverseCommand({ modelId: MODEL, messages: [asked({ text: HELLO })] });
  const response = await bedrock.send(command);
  return {
    text: response.output.message.content[0].text,
    stop: response.stopReason,
    output_tokens: response.usage.outputTokens,
  };
}

async function stream() {
  const command = new ConverseStreamCommand({ modelId: MODEL, messages: [asked({ text: PACED })] });
  const events = [];
  for await (const event of (await bedrock.send(command)).stream) {
    events.push(event);
  }
  const deltas = events.flatMap((event) => event.contentBlockDelta ?? []);
  return {
    text: deltas.map(({ delta }) => delta.text).join(""),
    pieces: deltas.length,
    stop: events.find((event) => event.messageStop).messageStop.stopReason,
    output_tokens: events.find((event) => event.metadata).metadata.usage.outputTokens,
  };
}

async function tools() {
  const inputSchema = { json: CITY_SCHEMA };
  const toolSpec = { name: "get_weather", description: "Weather", inputSchema };
  const send = (messages) =>
    bedrock.send(new ConverseCommand({ modelId: MODEL, messages, toolConfig: { tools: [{ toolSpec }] } }));
  const called = (await send([asked({ text: USE_TOOL })])).output.message;
  const { toolUse } = called.content.find((block) => block.toolUse);
  const content = [{ text: getWeather(toolUse.input) }];
  const result = { toolResult: { toolUseId: toolUse.toolUseId, content } };
  const answer = await send([asked({ text: USE_TOOL }), called, asked(result)]);
  return { text: answer.output.message.content[0].text };
}

await main({ json: whole, stream, tools });
