// `node run.mjs`: runs drivers, each as several callers. Each line of standard input is a JSON object,
// `driver` and `callers`, an array of `{name, environment, cases}`. What drivers print comes out, then
// a line that says `{"ran": driver}`. Each caller has a client of its own, made anew.

import { createInterface } from "node:readline";
import { become } from "./cases.mjs";

for await (const line of createInterface({ input: process.stdin })) {
  const { driver, callers } = JSON.parse(line);
  for (const caller of callers) {
    become(caller);
    await import(`./${driver}?${crypto.randomUUID()}`);
  }
  console.log(JSON.stringify({ ran: driver }));
}
