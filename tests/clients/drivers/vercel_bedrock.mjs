// The Vercel AI SDK with its Amazon Bedrock provider, which speaks Converse.

import { createAmazonBedrock } from "@ai-sdk/amazon-bedrock";
import { KEY, main, MODEL, URL } from "./cases.mjs";
import { casesOf } from "./vercel_cases.mjs";

const bedrock = createAmazonBedrock({ baseURL: URL, apiKey: KEY, region: "us-east-1" });

await main(casesOf(bedrock(MODEL)));
