// A card for a run: how it ended, its weights, where it comes from.

import { colours } from "./plot.js";
import { isPictured, label, number, ofSeeds, words } from "./study.js";

const MARGIN = 1; // pixels between images

/** An element with properties and children. */
export function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

/** The card of a run at a row. pin: null, or what its button does; pinned: whether it stays. */
export function cardOf(study, run, row, { pinned, pin }) {
  const last = run.start + run.steps - 1, { step, epoch } = study.columns;
  const swatch = make("span", { className: "swatch" });
  swatch.style.background = run.colours[colours().dark ? 1 : 0];
  const button = make("button", { type: "button", onclick: pin }, pinned ? "Unpin" : "Pin");
  button.setAttribute("aria-label", `${button.textContent} ${run.name}`);
  const table = make("table", {}, make("caption", {}, ofSeeds(study)));
  const now = `step ${step[row]}, epoch ${number(epoch[row])}`;
  table.append(rowOf("th", "", now, `end, step ${step[last]}`));
  for (const metric of study.metrics) {
    if (!study.measured[metric].has(run.optimizer)) continue;
    table.append(rowOf("td", label(metric), words(study, metric, row), words(study, metric, last)));
  }
  const card = make(
    "article",
    { className: "card" },
    make("h3", {}, swatch, `${run.optimizer}, step size ${run.label}`, button),
    make("p", {}, `How it ended: ${run.status}.`),
  );
  if (study.weights && isPictured(run)) card.append(...weightsOf(study, run, row));
  card.append(table, sourceOf(study, run));
  return card;
}

function rowOf(tag, ...texts) {
  return make("tr", {}, ...texts.map((text, i) => make(i ? tag : "th", {}, text)));
}

/** Where it comes from, and the command that makes it. */
function sourceOf(study, run) {
  const { trained, evaluated } = study.provenance[run.provenance];
  const command = `snakemake --cores 1 ${run.trace}`;
  const code = make("code", {}, command), copy = make("button", { type: "button" }, "Copy");
  copy.onclick = async () => {
    try {
      await navigator.clipboard.writeText(command);
      copy.textContent = "Copied";
    } catch { // a browser that does not allow it
      getSelection().selectAllChildren(code);
    }
  };
  const list = make("dl");
  const facts = { ...trained, "evaluated by": evaluated, [`SHA-256 of ${run.trace}`]: run.sha256 };
  for (const [key, value] of Object.entries(facts)) {
    const text = typeof value === "string" ? value : JSON.stringify(value);
    if (text === "null" || text === "{}") continue; // what the run does not use
    list.append(make("dt", {}, key.replaceAll("_", " ")), make("dd", {}, text));
  }
  return make(
    "details",
    {},
    make("summary", {}, "Command and provenance"),
    make("p", {}, "Makes this run, where it is missing: ", code, " ", copy),
    list,
  );
}

/** The weights at the moment before a row, as images with their scale in words. */
function weightsOf(study, run, row) {
  const { weights, weights_scale, weights_step, step } = study.columns;
  const { classes, shape: [height, width], moments } = study.weights;
  let moment = run.number * moments;
  const end = moment + moments - 1;
  while (moment < end && weights_step[moment + 1] <= step[row]) moment++;
  const columns = classes.length > 5 ? Math.ceil(classes.length / 2) : classes.length;
  const rows = Math.ceil(classes.length / columns);
  const canvas = make("canvas", {
    className: "weights",
    width: columns * (width + MARGIN) - MARGIN,
    height: rows * (height + MARGIN) - MARGIN,
  });
  const size = width * height, pixels = classes.length * size;
  const own = weights.subarray(moment * pixels, (moment + 1) * pixels);
  const lost = own.includes(0) ? ", grey is not finite" : "";
  const largest = own.some(Boolean)
    ? `largest weight ±${number(weights_scale[moment])}${lost}`
    : "none is finite";
  const text = `Weights of each class at step ${weights_step[moment]}, seed ${
    study.seeds[0]
  }; ${largest}`;
  canvas.role = "img";
  canvas.setAttribute("aria-label", text);
  const ctx = canvas.getContext("2d");
  classes.forEach((_, i) => {
    const image = ctx.createImageData(width, height);
    own.subarray(i * size, (i + 1) * size).forEach((grey, pixel) =>
      image.data.set(shade(grey), 4 * pixel)
    );
    ctx.putImageData(
      image,
      (i % columns) * (width + MARGIN),
      Math.floor(i / columns) * (height + MARGIN),
    );
  });
  const key = "blue for the class, red against it, white nothing";
  const order = `${classes.slice(0, columns).join(" ")} above${
    rows > 1 ? `, ${classes.slice(columns).join(" ")} below` : ""
  }`;
  return [canvas, make("p", { className: "note" }, `${text}; ${key}. ${order}.`)];
}

// red, white and blue of ColorBrewer's RdBu, which are told apart without red and green
const RED = [178, 24, 43], WHITE = [247, 247, 247], BLUE = [33, 102, 172];

function shade(grey) {
  if (grey === 0) return [128, 128, 128, 255]; // not finite
  const share = (grey - 128) / 127, end = share < 0 ? RED : BLUE;
  return [...WHITE.map((white, i) => white + Math.abs(share) ** 0.7 * (end[i] - white)), 255];
}
