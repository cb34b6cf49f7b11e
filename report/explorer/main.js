// The page: its controls, what they change, and what is read, clicked and saved.

import { cardOf, drawWeights, explained, tableOf } from "cards";
import { drawCurves } from "curves";
import { expected, rate } from "expected";
import { drawPlane } from "plane";
import { colour, mark, path } from "plot";
import { ask, showAnswer } from "quiz";
import { csvOf, offer, svgOf } from "save";
import { bestOf, few, fromHash, initial, namesOf, nearestRun, toHash } from "state";
import { label, reading, readStudy, rowAt, text } from "study";
import { drawSweep, signOf } from "sweep";

const FRAME = 60; // milliseconds of a step played
const SNAP = 0.012; // of the slider, within which it is at a measured step size
const NEAR = 40; // pixels from a mark or a curve within which the mouse reads it
const $ = (selector) => document.querySelector(selector);
const $$ = (selector) => [...document.querySelectorAll(selector)];
const study = await readStudy(), plots = {};
fill();
const controls = Object.fromEntries($$("[data-key]").map((of) => [of.dataset.key, of]));
let state = fromHash(study, location.hash.slice(1)), saving, playing;

/** Change the state; axes are logarithmic as fits what is newly shown. */
function set(changes) {
  state = { ...state, ...changes };
  const fitting = initial(study, state), follows = { metric: "sweepLog", curve: "yLog", x: "xLog" };
  for (const key in changes) if (key in follows) state[follows[key]] = fitting[follows[key]];
  draw();
}

/** The state with what follows from it: the run nearest to the slider, its row, the chosen runs. */
function viewOf() {
  const run = nearestRun(study, state.optimizer, state.alpha), { quiz } = state;
  const row = state.row === "" ? run.end : Math.min(run.end, run.start + Number(state.row));
  const chosen = new Set(state.chosen.split(",")), epoch = study.columns.epoch[row];
  return {
    ...state,
    run,
    row,
    epoch,
    chosen,
    blank: quiz?.revealed === false,
    target: quiz?.target,
  };
}

function draw() {
  const view = viewOf(), { run, row } = view, { quiz, ...kept } = state;
  plots.sweep = drawSweep($("#sweep"), study, view);
  plots.curves = drawCurves($("#curves"), study, view);
  showAnswer(quiz, plots);
  showControls(view);
  showCards(view);
  if ($("#in-table").open) showTable(view);
  if (study.path && run.number !== null) {
    drawPlane($("#plane"), study, run, study.columns.step[row]);
  }
  clearTimeout(saving);
  const save = () => history.replaceState(null, "", `#${toHash(study, kept)}`);
  if (!quiz) saving = setTimeout(save, 150);
  performance.mark("drawn"); // for benchmarks/explorer.py
}

/** The values of the controls, and what is said of the slider's step size and of the nearest run. */
function showControls({ run, row, alpha, chosen, metric }) {
  const { step, epoch } = study.columns, value = reading(study, metric, run.end);
  const values = { ...state, alpha: Math.log(alpha), row: row - run.start };
  controls.row.max = run.end - run.start;
  for (const [key, control] of Object.entries(controls)) {
    control[control.type === "checkbox" ? "checked" : "value"] = values[key];
  }
  controls.alpha.ariaValueText = $("#alpha-text").textContent = `α = ${text(alpha)}`;
  const at = `step ${step[row]}, epoch ${text(epoch[row])}`;
  controls.row.ariaValueText = $("#row-text").textContent = at;
  $("#toggle").textContent = chosen.has(run.name) ? "Remove this curve" : "Keep this curve";
  const ends = `${run.name} ends with ${label(metric)} ${value}; ${explained(run.status)}.`;
  $("#nearest").innerHTML = `${alpha === run.stepSize ? "Measured" : "Nearest run"}: ${ends}`;
  $("#predicted").textContent = predictionOf(run, alpha);
  $("#excess").hidden = !run.optimizer.predicted || state.curve === "excess";
}

function predictionOf({ optimizer, end }, alpha) {
  const { prediction, why } = study, { name, limits, predicted } = optimizer;
  if (!prediction) return `No prediction: ${why}. The slider moves between measured runs.`;
  if (!predicted) return `No prediction for ${name}, which takes no plain steps of a fixed size.`;
  const upper = Object.keys(limits).some((where) => where.endsWith("at most")) ? "at most " : "";
  const limit = `the limit, ${upper}${text(predicted.limit)}`, beyond = alpha >= predicted.limit;
  if (beyond && predicted.batchSize) return `Beyond ${limit}, mean squares grow without end.`;
  const twofold = text(Math.LN2 / Math.abs(Math.log(rate(prediction.start, alpha))), "", 3);
  if (beyond) return `Beyond ${limit}, the steepest direction doubles in ${twofold} steps.`;
  const steps = study.columns.step[end], [height] = expected(prediction, optimizer, alpha, [steps]);
  const ends = `Predicted: F − F* = ${text(height)} after ${steps} steps`;
  return `${ends}, the slowest direction halves in ${twofold} steps; α is below ${limit}.`;
}

/** The card of the run at hand, and of the one beside it at the same epoch. */
function showCards({ run, row, epoch, other }) {
  const open = $$("#cards details").map((details) => details.open);
  const beside = study.runs.filter(({ name }) => name === other)
    .map((of) => cardOf(study, of, row === run.end ? of.end : rowAt(study, of, epoch)));
  $("#cards").innerHTML = [cardOf(study, run, row), ...beside].join("");
  $$("#cards details").forEach((details, i) => details.open = open[i] ?? false);
  $$("#cards canvas").forEach((canvas) => drawWeights(study, canvas));
}

/** The sweep as a table, with a box for each run whose curve is drawn. */
function showTable({ chosen, metric }) {
  const rows = plots.sweep.places.map(({ run: { name, status, gap }, row }) => {
    const box = `<input type="checkbox" aria-label="draw ${name}" data-run="${name}" ${
      chosen.has(name) ? "checked" : ""
    }>`;
    return [
      name,
      box,
      study.columns.step[row],
      reading(study, metric, row),
      status,
      text(gap ?? NaN),
    ];
  });
  const heads = ["run", "curve", "step", label(metric), "status", "gap"];
  $("#table").innerHTML = tableOf(study.over, heads, rows);
}

function toggle(name) {
  const names = new Set(state.chosen.split(","));
  if (!names.delete(name)) names.add(name);
  set({ chosen: [...names].filter(Boolean).join() });
}

/** Come to a run, at a row. */
const come = (run, row = run.end) =>
  set({
    optimizer: run.optimizer.name,
    alpha: run.stepSize,
    row: row === run.end ? "" : String(row - run.start),
  });

/** Come to a step size: that of a run where it is near one, or where nothing is predicted. */
function slide(alpha) {
  const run = nearestRun(study, state.optimizer, alpha), [low, high] = study.stepSizes;
  const near = Math.abs(Math.log(alpha / run.stepSize)) < SNAP * Math.log(high / low);
  set({ alpha: near || !run.optimizer.predicted ? run.stepSize : alpha });
}

function play() {
  const { run } = viewOf();
  let row = run.start;
  playing = setInterval(() => row > run.end ? clearInterval(playing) : come(run, row++), FRAME);
}

const bests = () => study.optimizers.map(({ name }) => bestOf(study, name));
const answer = (share) =>
  state.quiz?.revealed === false &&
  set({ quiz: { ...state.quiz, answer: Math.max(0, Math.min(1, share)) } });
const DO = {
  all: () => set({ chosen: namesOf(study.runs) }),
  few: () => set({ chosen: few(study) }),
  best: () => set({ chosen: namesOf(bests()) }),
  none: () => set({ chosen: "" }),
  toggle: () => toggle(viewOf().run.name),
  excess: () => set({ metric: "excess", curve: "excess" }),
  play,
  link: () => navigator.clipboard?.writeText(location.href),
  ask: () => set(ask(study, ((state.quiz?.number ?? -1) + 1) % study.questions.length)),
  reveal: () => set({ quiz: { ...state.quiz, revealed: true } }),
  leave: () => set({ quiz: null, ...fromHash(study, location.hash.slice(1)) }),
};
for (const [plot, metric] of [["sweep", "metric"], ["curves", "curve"]]) {
  const name = `${study.study}_${plot}`, places = () => plots[plot].places;
  DO[`${plot}-csv`] = () => offer(csvOf(study, state[metric], places()), `${name}.csv`);
  DO[`${plot}-svg`] = () => offer(svgOf($(`#${plot}`)), `${name}.svg`);
}

for (const [key, control] of Object.entries(controls)) {
  control.oninput = () => {
    clearInterval(playing);
    const { type, checked, value, max } = control;
    if (key === "alpha") slide(Math.exp(value));
    else if (key === "optimizer") come(bestOf(study, value));
    else if (key === "row") set({ row: value === max ? "" : value });
    else set({ [key]: type === "checkbox" ? checked : value });
  };
}
for (const button of $$("[data-do]")) {
  button.onclick = () => {
    clearInterval(playing);
    DO[button.dataset.do]();
  };
}
for (const id of ["sweep", "curves"]) {
  const svg = $(`#${id}`);
  svg.onpointermove = (event) => showTip(placeOf(id, event), id, event);
  svg.onpointerleave = () => $("#tip").hidden = true;
  svg.onclick = (event) => {
    const place = placeOf(id, event), { x } = plots[id];
    if (state.quiz?.plot === id) answer((event.offsetX - x.from) / (x.to - x.from));
    else if (place) event.shiftKey ? toggle(place.run.name) : come(place.run, place.row);
  };
}
$("#answer").oninput = ({ target }) => answer(Number(target.value));
$("#in-table").ontoggle = draw;
$("#table").oninput = ({ target }) => toggle(target.dataset.run);
onhashchange = DO.leave;
onresize = draw;
draw();

/** The mark, or the point of a curve, that the mouse is nearest to. */
function placeOf(id, { offsetX, offsetY }) {
  const far = ({ x, y }) => Math.hypot(x - offsetX, y - offsetY);
  const near = plots[id].places.filter((place) => far(place) < NEAR);
  return near.reduce((a, b) => a && far(a) < far(b) ? a : b, null);
}

function showTip(place, id, { pageX, pageY }) {
  const tip = $("#tip");
  tip.hidden = !place;
  if (!place) return;
  const { run, row } = place, metric = id === "sweep" ? state.metric : state.curve;
  const value = `${label(metric)} ${reading(study, metric, row)}`;
  tip.textContent = `${run.name}, step ${study.columns.step[row]}: ${value}; ${run.status}`;
  const room = document.documentElement.clientWidth - tip.offsetWidth - 8;
  tip.style.cssText = `left:${Math.max(8, Math.min(pageX + 12, room))}px;top:${pageY + 14}px`;
}

/** Fill what stays as it is. */
function fill() {
  const { runs, seeds, optimizers, metrics, prediction } = study;
  const limits = optimizers.flatMap(({ predicted }) => predicted ? [1.3 * predicted.limit] : []);
  const sizes = [...runs.map(({ stepSize }) => stepSize), ...limits];
  study.stepSizes = [Math.min(...sizes) / 1.25, Math.max(...sizes) * 1.25];
  study.over = seeds.length > 1 ? `median (${study.outer}) of ${seeds.length} seeds` : "one seed";
  [$("[data-key=alpha]").min, $("[data-key=alpha]").max] = study.stepSizes.map(Math.log);
  $("#about").textContent =
    `${study.model} on ${study.dataset}, ${runs.length} runs; ${study.over}`;
  $("#exact").textContent = prediction ? study.exact : "";
  $("#of-predictions").hidden = $("#of-dashes").hidden = !prediction;
  $("#in-plane").hidden = !study.path;
  $("#predict").hidden = !study.questions.length;
  const options = (key, values, name = (value) => value) =>
    $(`select[data-key=${key}]`)
      .insertAdjacentHTML(
        "beforeend",
        values.map((of) => `<option value="${of}">${name(of)}</option>`).join(""),
      );
  options("metric", metrics, label);
  options("curve", metrics, label);
  options("optimizer", optimizers.map(({ name }) => name));
  options("other", runs.map(({ name }) => name));
  $("#optimizers").innerHTML = optimizers.map(({ name, mark: kind, open, colours }) => {
    const sign = path(`mark ${open ? "averaged" : ""}`, mark(kind, 0, 0, 6), colour(colours));
    return `<label><input type="checkbox" data-key="show-${name}"> <svg class="key" aria-hidden="true" viewBox="-8 -8 16 16">${sign}</svg> ${name}</label>`;
  }).join("");
  const signs = new Set(runs.map(signOf));
  $$("[data-sign]").forEach((entry) => entry.hidden = !signs.has(entry.dataset.sign));
}
