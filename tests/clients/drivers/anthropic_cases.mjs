// What Anthropic's SDKs for TypeScript are asked, wherever they run.

import { CITY_SCHEMA, getWeather, HELLO, MODEL, PACED, USE_TOOL } from "./cases.mjs";

const asked = (content) => ({ role: "user", content });

export function casesOf(client) {
  async function whole() {
    const params = { model: MODEL, max_tokens: 256, messages: [asked(HELLO)] };
    const { data, response } = await client.messages.create(params).withResponse();
    return {
      text: data.content[0].text,
      stop: data.stop_reason,
      output_tokens: data.usage.output_tokens,
      request_id: response.headers.get("request-id"),
    };
  }

  async function stream() {
    const streamed = client.messages.stream({ model: MODEL, max_tokens: 256, messages: [asked(PACED)] });
    const pieces = [];
    streamed.on("text", (text) => pieces.push(text));
    const final = await streamed.finalMessage();
    return {
      text: pieces.join(""),
      pieces: pieces.length,
      stop: final.stop_reason,
      output_tokens: final.usage.output_tokens,
      request_id: streamed.request_id,
    };
  }

  async function tools() {
    const weather = { name: "get_weather", description: "Weather", input_schema: CITY_SCHEMA };
    const params = { model: MODEL, max_tokens: 256, tools: [weather] };
    const called = await client.messages.create({ ...params, messages: [asked(USE_TOOL)] });
    const use = called.content.find((block) => block.type === "tool_use");
    const result = { type: "tool_result", tool_use_id: use.id, content: getWeather(use.input) };
    const answer = await client.messages.create({
      ...params,
      messages: [asked(USE_TOOL), { role: "assistant", content: called.content }, asked([result])],
    });
    return { text: answer.content[0].text };
  }

  return { json: whole, stream, tools };
}
