// The page: its controls, what they change, and how one walks over runs and steps.

import { cardOf, make } from "./cards.js";
import { drawCurves } from "./curves.js";
import { drawPlane, pathOf } from "./plane.js";
import { colours, nearest } from "./plot.js";
import { csvOf, offer, pngOf, rowsOfCurves } from "./save.js";
import { fromHash, initial, MOST_PINS, toHash } from "./state.js";
import { isPictured, label, number, ofSeeds, readStudy, words } from "./study.js";
import { drawSweep, visible } from "./sweep.js";

const MOST_NAMES = 60, FRAME = 60; // of a legend; milliseconds of a step played
const study = await readStudy();
const state = fromHash(location.hash.slice(1), study);
let sweep, curves, saving, playing;
const $ = (id) => document.getElementById(id);
const keyed = [...document.querySelectorAll("[data-key]")];

// what a change makes as it is at first
const RESETS = { metric: ["sweepLog"], curve: ["yLog", "zoom"], x: ["zoom"], xLog: ["zoom"] };
RESETS.yLog = ["zoom"];

function change(changes) {
  Object.assign(state, changes);
  update();
}

/** Draw everything. */
function update() {
  sweep = drawIn("sweep", sweep, drawSweep, { zoom: choose, hover, click });
  curves = drawIn("curves", curves, drawCurves, {
    zoom: (zoom) => change({ zoom }),
    reset: () => change({ zoom: null }),
    hover,
  });
  showControls();
  showLegend();
  showTable();
  queueMicrotask(() => { // behind that in which uPlot draws, and places get known
    show();
    performance.mark("drawn"); // for benchmarks/explorer.py
  });

  function hover(x, y) {
    const { places } = this;
    const place = places[nearest(places, x, y)];
    clearInterval(playing);
    if (place) walk(place.run, place.row);
  }
  function click(x, y, event) {
    const { run } = this.places[nearest(this.places, x, y)] ?? {};
    if (run) event.shiftKey ? toggle("chosen", run.index) : change({ chosen: [run.index] });
  }
}

/** Draw a plot in place of one; what happens there knows the places of its points. */
function drawIn(id, old, drawer, on) {
  const element = $(id);
  old?.chart.destroy();
  const plot = { on: {} };
  for (const name in on) plot.on[name] = (...of) => on[name].apply(plot, of);
  Object.assign(plot, drawer(element, study, state, plot.on));
  plot.marker = make("div", { className: "marker", hidden: true });
  element.querySelector(".u-over").append(plot.marker);
  return plot;
}

/** Choose the runs between two step sizes. */
function choose([left, right]) {
  const inside = visible(study, state, state.metric).filter(({ stepSize }) =>
    stepSize >= left && stepSize <= right
  );
  if (inside.length) change({ chosen: inside.map(({ index }) => index), zoom: null });
}

function toggle(key, index) {
  const without = state[key].filter((other) => other !== index);
  const added = without.length < state[key].length ? without : [...state[key], index];
  change({ [key]: key === "pins" ? added.slice(-MOST_PINS) : added });
}

/** Come to a run, at a row. */
function walk(run, row) {
  if (state.run === run.index && state.row === row) return;
  Object.assign(state, { run: run.index, row });
  show();
}

/** Show where one is: marks, what is read there, cards, the path. */
function show() {
  const run = study.runs[state.run] ?? null, { row } = state;
  for (
    const [plot, id, metric] of [[sweep, "sweep", state.metric], [curves, "curves", state.curve]]
  ) {
    const own = plot.places.filter((place) => place.run === run);
    const place = own.find((other) => other.row === row) ?? (plot === sweep ? own[0] : undefined);
    const { clientWidth, clientHeight } = plot.marker.parentElement;
    plot.marker.hidden = !place ||
      !(place.x >= 0 && place.x <= clientWidth && place.y >= 0 && place.y <= clientHeight);
    if (place) Object.assign(plot.marker.style, { left: `${place.x}px`, top: `${place.y}px` });
    $(`${id}-read`).textContent = place ? reading(run, metric, place.row) : "";
  }
  showCards();
  if (study.path && run) showPlane(run, study.columns.step[row]);
  clearTimeout(saving);
  saving = setTimeout(() => history.replaceState(null, "", `#${toHash(state, study)}`), 150);
}

function reading(run, metric, row) {
  const { step, epoch } = study.columns;
  const at = `step ${step[row]}, epoch ${number(epoch[row])}`;
  return `${run.optimizer}, step size ${run.label}, ${at}: ${label(metric)} ${
    words(study, metric, row)
  }; ${run.status}`;
}

function showControls() {
  const effective = { ...state, sweepLog: sweep.axes.y.log, yLog: curves.axes.y.log };
  for (const input of keyed) {
    const value = effective[input.dataset.key];
    if (input.type === "checkbox") input.checked = value;
    else input.value = value;
  }
  $("of-epoch").hidden = state.at !== "epoch";
  const epoch = number(study.epochs[state.epoch]);
  $("epoch").textContent = epoch;
  document.querySelector("[data-key=epoch]").ariaValueText = `epoch ${epoch}`;
  for (const input of $("optimizers").querySelectorAll("input")) {
    input.checked = !state.hidden.includes(input.value);
  }
  const limits = study.optimizers.flatMap(({ limits }) => Object.keys(limits));
  const lines = [
    `Marks: ${ofSeeds(study)}, dots the seeds; × at an edge is beyond it, or not finite.`,
    limits.some((where) => where.startsWith("near the minimiser")) &&
    "Dashed: the limit of the step size near the minimiser.",
    limits.includes("from anywhere") && "Dash-dotted: the limit from anywhere.",
    state.metric === "excess" && study.runs.some(({ floor }) => floor !== null) &&
    "Dotted: the floor that was predicted.",
    state.metric === "objective" && study.optimum !== null &&
    "Dotted: the least objective there is.",
  ];
  $("sweep-key").textContent = lines.filter(Boolean).join(" ");
  const predicts = state.curve === "excess" ||
    (state.curve === "objective" && study.optimum !== null);
  const along = [
    `Lines: ${ofSeeds(study)}; an optimizer has one kind of dashes, a step size one colour.`,
    predicts && study.columns.expected.some(Number.isFinite) &&
    "Dotted: what was predicted before training, the mean over seeds.",
    state.curve === "curvature" && "Dotted: 2/α, beyond which the sharpest direction grows.",
  ];
  $("curves-key").textContent = along.filter(Boolean).join(" ");
}

function showLegend() {
  const { runs: chosen } = curves.axes;
  const shade = colours().dark ? 1 : 0;
  const names = chosen.slice(0, MOST_NAMES).map((run) => {
    const swatch = make("span", { className: "swatch" });
    swatch.style.background = run.colours[shade];
    const onclick = () => walk(run, run.start + run.steps - 1);
    return make("button", { type: "button", onclick }, swatch, run.name);
  });
  const more = chosen.length - names.length;
  $("legend").replaceChildren(...names, ...(more > 0 ? [`and ${more} more`] : []));
}

function showTable() {
  if (!$("in-table").open) return;
  const table = $("table"), { metric } = state;
  table.caption.textContent = `${label(metric)}, ${ofSeeds(study)}`;
  const heads = ["optimizer", "step size", "step", label(metric), "how it ended"];
  const row = (tag, texts) => make("tr", {}, ...texts.map((text) => make(tag, {}, text)));
  table.tHead.replaceChildren(row("th", heads));
  table.tBodies[0].replaceChildren(
    ...sweep.axes.shown.map(({ run, row: at }) =>
      row("td", [
        run.optimizer,
        run.label,
        study.columns.step[at],
        words(study, metric, at),
        run.status,
      ])
    ),
  );
}

function showCards() {
  const cards = $("cards"),
    open = [...cards.children].map((card) => card.querySelector("details").open);
  const focused = cards.contains(document.activeElement) &&
    document.activeElement.closest("article");
  const place = [...cards.children].indexOf(focused);
  const last = ({ start, steps }) => start + steps - 1;
  const indices = [...new Set([...state.pins, state.run].filter((index) => index !== null))];
  cards.replaceChildren(...indices.map((index, i) => {
    const run = study.runs[index], pinned = state.pins.includes(index);
    const row = index === state.run ? state.row : Math.min(last(run), run.start + sameStep(run));
    const card = cardOf(study, run, row, { pinned, pin: () => toggle("pins", index) });
    card.querySelector("details").open = open[i] ?? false;
    return card;
  }));
  if (place >= 0) {
    cards.children[Math.min(place, cards.children.length - 1)]?.querySelector("button").focus();
  }
}

/** How many rows a pinned run is shown behind its start: as far, in epochs, as the current one. */
function sameStep({ start, steps }) {
  if (state.row === null) return steps - 1;
  const { epoch } = study.columns, own = epoch.subarray(start, start + steps);
  return Math.max(0, own.findLastIndex((passes) => passes <= epoch[state.row])); // of averages
}

function showPlane(current, step) {
  const of = planeOf(current), run = planeRuns[of];
  $("plane-run").value = of;
  $("plane-run").ariaValueText = `step size ${run.label}`;
  $("plane-size").textContent =
    `${run.optimizer}, step size ${run.label}, step ${step}: ${run.status}`;
  drawPlane($("plane"), study, run, step);
}
const planeRuns = study.runs.filter(isPictured);

/** The place among these of a run, of an average that of the run which it averages; -1 of none. */
const planeOf = (run) => planeRuns.findIndex(({ trace }) => trace === run?.trace);

/** Walk along the run, a step a frame. */
function play() {
  clearInterval(playing);
  const run = planeRuns[Math.max(0, planeOf(study.runs[state.run]))];
  const { steps } = pathOf(study, run);
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  let i = still ? steps.length - 1 : 0;
  const rowOf = (step) =>
    run.start +
    study.columns.step.subarray(run.start, run.start + run.steps).findLastIndex((s) => s <= step);
  const next = () => {
    walk(run, rowOf(steps[i]));
    if (++i >= steps.length) clearInterval(playing);
  };
  playing = setInterval(next, FRAME);
  next();
}

const everything = () => visible(study, state, state.metric).map(({ index }) => index);
const title = (metric) => `${study.study}: ${label(metric)}, ${ofSeeds(study)}`;
const png = async (id, metric, runs) => {
  const canvas = $(id).querySelector("canvas");
  offer(await pngOf(canvas, title(metric), runs), `${study.study}-${metric}.png`);
};
const csv = (metric, rows) => {
  const blob = new Blob([csvOf(study, metric, rows)], { type: "text/csv" });
  offer(blob, `${study.study}-${metric}.csv`);
};
const DO = {
  all: () => change({ chosen: everything(), zoom: null }),
  few: () => change({ chosen: initial(study).chosen, zoom: null }),
  best: () => change({ chosen: bestRuns(), zoom: null }),
  reset: () => change({ zoom: null }),
  play,
  "sweep-csv": () => csv(state.metric, sweep.axes.shown),
  "sweep-png": () => png("sweep", state.metric, sweep.axes.shown.map(({ run }) => run)),
  "curves-csv": () => csv(state.curve, rowsOfCurves(curves.axes.runs)),
  "curves-png": () => png("curves", state.curve, curves.axes.runs),
};

function bestRuns() {
  return study.optimizers.flatMap(({ name, best }) =>
    study.runs.filter((run) => run.optimizer === name && run.stepSize === best)
  ).map(({ index }) => index);
}

/** Keys of the sweep, and of the curves: what each does to the current run and row. */
const KEYS = {
  sweep: {
    ArrowLeft: (run) => beside(run, -1),
    ArrowRight: (run) => beside(run, 1),
    ArrowUp: (run) => above(run, -1),
    ArrowDown: (run) => above(run, 1),
    Enter: (run) => change({ chosen: [run.index], zoom: null }),
    " ": (run) => toggle("chosen", run.index),
  },
  curves: {
    ArrowLeft: (run, row) => walk(run, Math.max(run.start, row - 1)),
    ArrowRight: (run, row) => walk(run, Math.min(run.start + run.steps - 1, row + 1)),
    ArrowUp: (run, row) => other(run, row, -1),
    ArrowDown: (run, row) => other(run, row, 1),
    "+": (_, row) => enlarge(row, 0.5),
    "-": (_, row) => enlarge(row, 2),
    0: () => change({ zoom: null }),
    Escape: () => change({ zoom: null }),
  },
};

function onKey(id, event) {
  const action = event.key.toLowerCase() === "p"
    ? (run) => toggle("pins", run.index)
    : KEYS[id][event.key];
  if (!action || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  clearInterval(playing);
  const { places } = id === "sweep" ? sweep : curves;
  const here = places.find(({ run, row }) =>
    run.index === state.run && (id === "sweep" || row === state.row)
  );
  const place = here ?? places[0];
  if (!here && place) walk(place.run, place.row); // the first key comes to a run
  else if (here) action(here.run, here.row);
}

function beside(run, by) {
  const own = sweep.places.filter((place) => place.run.optimizer === run.optimizer);
  const place = own[own.findIndex((of) => of.run === run) + by];
  if (place) walk(place.run, place.row);
}

function above(run, by) {
  const names = [...new Set(sweep.places.map((place) => place.run.optimizer))];
  const name = names[names.indexOf(run.optimizer) + by];
  const away = (place) => Math.abs(Math.log(place.run.stepSize / run.stepSize));
  const [place] = sweep.places.filter((of) => of.run.optimizer === name).sort((a, b) =>
    away(a) - away(b)
  );
  if (place) walk(place.run, place.row);
}

function other(run, row, by) {
  const { runs, xs } = curves.axes;
  const next = runs[runs.indexOf(run) + by];
  if (!next) return;
  const own = Array.from(xs.subarray(next.start, next.start + next.steps));
  walk(next, next.start + Math.max(0, own.findLastIndex((x) => x <= xs[row])));
}

/** Show a share of what is shown, about a row. */
function enlarge(row, share) {
  const { places, axes } = curves;
  const place = places.find((of) => of.row === row), box = $("curves").querySelector(".u-over");
  if (!Number.isFinite(place.y)) return;
  const zoom = [[axes.x, place.x / box.clientWidth], [axes.y, 1 - place.y / box.clientHeight]]
    .flatMap(([{ log, range: [low, high] }, at]) => {
      const [a, b] = log ? [Math.log(low), Math.log(high)] : [low, high];
      const middle = a + at * (b - a),
        edges = [a - middle, b - middle].map((edge) => middle + share * edge);
      return log ? edges.map(Math.exp) : edges;
    });
  change({ zoom });
}

/** Fill what stays as it is, and listen. */
function begin() {
  $("about").textContent = `${study.model} on ${study.dataset}; ${study.runs.length} runs, ${
    ofSeeds(study)
  }.`;
  $("headline").append(...study.headline.map((line) => make("li", {}, line.replace(/^- /, ""))));
  $("of-seeds").hidden = study.seeds.length < 2;
  $("optimizers").append(...study.optimizers.map(({ name }) => {
    const box = make("input", { type: "checkbox", value: name });
    box.onchange = () => {
      const without = state.hidden.filter((hidden) => hidden !== name);
      change({ hidden: box.checked ? without : [...without, name] });
    };
    return make("label", {}, box, ` ${name}`);
  }));
  $("optimizers").hidden = study.optimizers.length < 2;
  for (const input of keyed) {
    const { key } = input.dataset;
    if (key === "metric" || key === "curve") {
      input.append(...study.metrics.map((value) => make("option", { value }, label(value))));
    } else if (key === "epoch") input.max = study.epochs.length - 1;
    input.addEventListener("input", () => {
      const value = { checkbox: input.checked, range: Number(input.value) }[input.type] ??
        input.value;
      const first = initial(study);
      const reset = Object.fromEntries((RESETS[key] ?? []).map((other) => [other, first[other]]));
      change({ ...reset, [key]: value });
    });
  }
  $("in-table").ontoggle = showTable;
  for (const button of document.querySelectorAll("[data-do]")) {
    button.onclick = DO[button.dataset.do];
  }
  for (const id in KEYS) $(id).addEventListener("keydown", (event) => onKey(id, event));
  if (study.path) {
    $("in-plane").hidden = false;
    $("plane-run").max = planeRuns.length - 1;
    $("plane-run").oninput = ({ target }) => {
      const run = planeRuns[target.value];
      walk(run, run.start);
      play();
    };
  }
  addEventListener("hashchange", () => change(fromHash(location.hash.slice(1), study)));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", update);
  let width = innerWidth;
  addEventListener("resize", () => width !== innerWidth && ((width = innerWidth), update()));
  if (study.path && state.run === null) {
    const [run] = planeRuns;
    Object.assign(state, { run: run.index, row: run.start + run.steps - 1 });
  }
  update();
}

begin();
