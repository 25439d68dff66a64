// @anthropic-ai/sdk in a web page.

import Anthropic from "@anthropic-ai/sdk";
import { casesOf } from "./anthropic_cases.mjs";
import { KEY, main, URL } from "./cases.mjs";

const client = new Anthropic({ baseURL: URL, apiKey: KEY, dangerouslyAllowBrowser: true });

await main(casesOf(client));
