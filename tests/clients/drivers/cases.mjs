// How a JavaScript driver is asked and answers: case names as arguments, a line of JSON for each.

export const { URL, KEY, MODEL } = process.env;

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

/** Runs the cases that the command line names; what one throws is its answer. */
export async function main(cases) {
  for (const name of process.argv.slice(2)) {
    console.log(JSON.stringify({ case: name, ...(await answer(cases[name])) }));
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
