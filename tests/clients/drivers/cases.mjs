// How a JavaScript driver is asked and answers: a line of JSON for each case.

export let URL, KEY, MODEL;
let name, cases;

/** Everything from here on is of that caller, as `run.mjs` reads it. */
export function become(caller) {
  for (const old of Object.keys(process.env)) delete process.env[old];
  Object.assign(process.env, caller.environment);
  ({ URL, KEY, MODEL } = process.env);
  ({ name, cases } = caller);
}

export const HELLO = "Greet Ada Lovelace.";
export const PACED = "[[reply: events=20 pace=0.02]]";
export const USE_TOOL = '[[tool: get_weather {"city": "Lisbon"}]]';
export const WEATHER = "21 degrees in Lisbon";
export const CITY_SCHEMA = {
  type: "object",
  properties: { city: { type: "string" } },
  required: ["city"],
};

export const getWeather = ({ city }) => WEATHER.replace("Lisbon", city);

/** Runs the caller's cases; what one throws is its answer. */
export async function main(driver) {
  for (const one of cases) {
    console.log(JSON.stringify({ caller: name, case: one, ...(await answer(driver[one])) }));
  }
}

async function answer(run) {
  try {
    return await run();
  } catch (error) {
    return { raised: classes(error), message: String(error.message) };
  }
}

function classes(error) {
  const names = [error.name, String(error.statusCode)];
  for (let kind = error.constructor; kind?.name; kind = Object.getPrototypeOf(kind)) {
    names.push(kind.name);
  }
  return names;
}
