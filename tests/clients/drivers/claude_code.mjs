// Claude Code, `claude -p`: told where to go by the environment alone.

import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HELLO, main, MODEL, PACED, WEATHER } from "./cases.mjs";

const CLI = createRequire(import.meta.url).resolve("@anthropic-ai/claude-code/cli-wrapper.cjs");
const USE_TOOL = `[[tool: Bash {"command": "echo ${WEATHER}", "description": "Weather"}]]`;
const STREAMED = ["--output-format", "stream-json", "--verbose", "--include-partial-messages"];

/** The lines of JSON that `claude -p` prints. */
async function claude(prompt, ...options) {
  const cwd = mkdtempSync(join(tmpdir(), "claude-"));
  const args = [CLI, "-p", prompt, "--model", MODEL, ...options];
  const child = spawn(process.execPath, args, { cwd, stdio: ["ignore", "pipe", "pipe"] });
  const printed = { stdout: "", stderr: "" };
  for (const name of Object.keys(printed)) {
    child[name].on("data", (data) => (printed[name] += data));
  }
  await new Promise((resolve) => child.on("close", resolve));
  const lines = printed.stdout.split("\n").filter((line) => line.startsWith("{"));
  if (!lines.length) throw new Error(printed.stderr || printed.stdout);
  return lines.map((line) => JSON.parse(line));
}

function ended(result) {
  if (result.is_error) {
    throw Object.assign(new Error(result.result), { name: String(result.api_error_status) });
  }
  return {
    text: result.result,
    stop: result.stop_reason,
    output_tokens: result.usage.output_tokens,
  };
}

async function whole() {
  const [result] = await claude(HELLO, "--output-format", "json");
  return ended(result);
}

async function stream() {
  const lines = await claude(PACED, ...STREAMED);
  const deltas = lines.filter((line) => line.event?.delta?.type === "text_delta");
  return { ...ended(lines.at(-1)), pieces: deltas.length };
}

async function tools() {
  const [result] = await claude(USE_TOOL, "--output-format", "json", "--allowedTools", "Bash");
  return { text: ended(result).text };
}

await main({ json: whole, stream, tools });
