// What both providers of the Vercel AI SDK are asked.

import { generateText, stepCountIs, streamText, tool } from "ai";
import { z } from "zod";
import { getWeather, HELLO, PACED, USE_TOOL } from "./cases.mjs";

const weather = tool({
  description: "Weather",
  inputSchema: z.object({ city: z.string() }),
  execute: async (input) => getWeather(input),
});

export const casesOf = (model) => ({
  json: async () => {
    const result = await generateText({ model, maxOutputTokens: 256, prompt: HELLO, maxRetries: 0 });
    return { text: result.text, stop: result.finishReason, output_tokens: result.usage.outputTokens };
  },
  stream: async () => {
    const result = streamText({ model, maxOutputTokens: 256, prompt: PACED });
    const pieces = [];
    for await (const piece of result.textStream) pieces.push(piece);
    const usage = await result.usage;
    return {
      text: pieces.join(""),
      pieces: pieces.length,
      stop: await result.finishReason,
      output_tokens: usage.outputTokens,
    };
  },
  tools: async () => {
    const result = await generateText({
      model,
      maxOutputTokens: 256,
      prompt: USE_TOOL,
      tools: { get_weather: weather },
      stopWhen: stepCountIs(2),
    });
    return { text: result.text };
  },
});
