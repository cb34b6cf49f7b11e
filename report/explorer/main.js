// The page: controls, state, and reactions to the mouse and keyboard.

import { cardOf, drawWeights, explained, tableOf } from "cards";
import { drawCurves } from "curves";
import { expected, rate } from "expected";
import { drawPlane } from "plane";
import { colour, mark, path } from "plot";
import { ask, showQuiz } from "quiz";
import { csvOf, offer, svgOf } from "save";
import { bestOf, few, fromHash, initial, namesOf, nearestRun, toHash } from "state";
import { arrays, inText, label, metrics, optimizers, prediction, reading } from "study";
import { rowAt, runs, seeds, study, text } from "study";
import { drawSweep, signOf } from "sweep";

const FRAME = 60; // milliseconds per step of Play
const SNAP = 0.012; // distance to a measured step size to snap to, as a share of the slider
const NEAR = 40; // largest distance in pixels of the mouse from a mark or curve that it selects
const LOG_OF = { metric: "sweepLog", curve: "yLog", x: "xLog" };
const $ = (selector) => document.querySelector(selector);
const $$ = (selector) => [...document.querySelectorAll(selector)];
const plots = {};
fill();
const controls = Object.fromEntries($$("[data-key]").map((of) => [of.dataset.key, of]));
let state = fromHash(location.hash.slice(1)), right = false, saving, playing;

/** Change the state, and make axes of new quantities logarithmic if their values suit it. */
function set(changes) {
  state = { ...state, ...changes };
  const fitting = initial(state);
  for (const key in LOG_OF) if (key in changes) state[LOG_OF[key]] = fitting[LOG_OF[key]];
  draw();
}

/** The state, with the run nearest to the slider, its selected row, and the chosen runs. */
function viewOf() {
  const run = nearestRun(state.optimizer, state.alpha), { target, revealed } = state.quiz ?? {};
  const row = state.row === "" ? run.end : Math.min(run.end, run.start + Number(state.row));
  const chosen = new Set(state.chosen.split(",")), epoch = arrays.epoch[row];
  return { ...state, run, row, epoch, chosen, target, blank: revealed === false };
}

function draw() {
  const view = viewOf(), { run, row } = view, { quiz, ...kept } = state;
  plots.sweep = drawSweep($("#sweep"), view);
  plots.curves = drawCurves($("#curves"), view);
  right = showQuiz(quiz, plots);
  showControls(view);
  showCards(view);
  if ($("#in-table").open) showTable(view);
  if (study.path && run.number !== null) drawPlane($("#plane"), run, arrays.step[row]);
  clearTimeout(saving);
  if (!quiz) saving = setTimeout(() => history.replaceState(null, "", `#${toHash(kept)}`), 150);
  performance.mark("drawn"); // for benchmarks/explorer.py
}

/** Update the controls, and the text about the nearest run and the step size of the slider. */
function showControls({ run, row, alpha, chosen, metric }) {
  const values = { ...state, alpha: Math.log(alpha), row: row - run.start };
  controls.row.max = run.end - run.start;
  for (const [key, control] of Object.entries(controls)) {
    control[control.type === "checkbox" ? "checked" : "value"] = values[key];
  }
  const at = `step ${arrays.step[row]}, epoch ${text(arrays.epoch[row])}`;
  controls.row.ariaValueText = $("#row-text").textContent = at;
  controls.alpha.ariaValueText = $("#alpha-text").textContent = `α = ${text(alpha)}`;
  $("#toggle").textContent = chosen.has(run.name) ? "Remove this curve" : "Keep this curve";
  const shown = inText(metric);
  const ends = `${run.name} ends with ${label(shown)} ${reading(shown, run.end)}`;
  const where = alpha === run.stepSize ? "Measured" : "Nearest run";
  $("#nearest").innerHTML = `${where}: ${ends}; ${explained(run.status)}.`;
  $("#predicted").textContent = predictionOf(run, alpha);
  $("#excess").hidden = !run.optimizer.predicted || state.curve === "excess";
}

function predictionOf({ optimizer, end }, alpha) {
  const { name, limits, predicted } = optimizer, steps = arrays.step[end];
  if (!prediction) return `No prediction: ${study.why}. The slider moves between measured runs.`;
  if (!predicted) return `No prediction for ${name}: not plain descent with a fixed step size.`;
  const upper = Object.keys(limits).some((where) => where.endsWith("at most")) ? "at most " : "";
  const limit = `the limit, ${upper}${text(predicted.limit)}`, beyond = alpha >= predicted.limit;
  if (beyond && predicted.batchSize) return `Beyond ${limit}, second moments grow without bound.`;
  const twofold = text(Math.LN2 / Math.abs(Math.log(rate(prediction.start, alpha))), "", 3);
  if (beyond) return `Beyond ${limit}, the steepest component doubles every ${twofold} steps.`;
  const height = text(expected(prediction, optimizer, alpha, [steps])[0]);
  const ends = `Predicted: F − F* = ${height} after ${steps} steps`;
  return `${ends}, the slowest component halves every ${twofold} steps; α is below ${limit}.`;
}

/** Show the card of the selected run, and of the one to compare at the same epoch. */
function showCards({ run, row, epoch, other }) {
  const open = $$("#cards details").map((details) => details.open);
  const cards = runs.filter(({ name }) => name === other)
    .map((of) => cardOf(of, row === run.end ? of.end : rowAt(of, epoch) ?? of.start));
  $("#cards").innerHTML = [cardOf(run, row), ...cards].join("");
  $$("#cards details").forEach((details, i) => details.open = open[i] ?? false);
  $$("#cards canvas").forEach(drawWeights);
}

/** Show the table of the sweep, with a check box for the curve of each run. */
function showTable({ chosen, metric }) {
  const rows = plots.sweep.places.map(({ run: { name, status, gap }, row }) => {
    const named = `aria-label="draw ${name}" data-run="${name}"`;
    const box = `<input type="checkbox" ${named} ${chosen.has(name) ? "checked" : ""}>`;
    return [name, box, arrays.step[row], reading(metric, row), status, text(gap ?? NaN)];
  });
  $("#table").innerHTML = tableOf(["run", "curve", "step", label(metric), "status", "gap"], rows);
}

function toggle(name) {
  const names = new Set(state.chosen.split(","));
  if (!names.delete(name)) names.add(name);
  set({ chosen: [...names].filter(Boolean).join() });
}

/** Select a run, at a row. */
function select({ optimizer, stepSize, start, end }, row = end) {
  const at = row === end ? "" : String(row - start);
  set({ optimizer: optimizer.name, alpha: stepSize, row: at });
}

/** Move to a step size, or to the nearest measured one if it is close or nothing is predicted. */
function slide(alpha) {
  const { stepSize, optimizer } = nearestRun(state.optimizer, alpha), [low, high] = study.stepSizes;
  const near = Math.abs(Math.log(alpha / stepSize)) < SNAP * Math.log(high / low);
  set({ alpha: near || !optimizer.predicted ? stepSize : alpha });
}

function play({ run } = viewOf(), row = run.start) {
  playing = setInterval(() => row > run.end ? clearInterval(playing) : select(run, row++), FRAME);
}

function answer(share) {
  const { quiz } = state;
  if (!quiz.revealed) set({ quiz: { ...quiz, answer: Math.max(0, Math.min(1, share)) } });
}

const ACTIONS = {
  all: () => set({ chosen: namesOf(runs) }),
  few: () => set({ chosen: few() }),
  best: () => set({ chosen: namesOf(optimizers.map(({ name }) => bestOf(name))) }),
  none: () => set({ chosen: "" }),
  toggle: () => toggle(viewOf().run.name),
  excess: () => set({ metric: "excess", curve: "excess" }),
  play: () => play(),
  link: async () => {
    const copy = navigator.clipboard?.writeText(location.href) ?? Promise.reject();
    const failed = () => "Copy it from the address bar";
    $("#link").textContent = await copy.then(() => "Copied", failed);
    setTimeout(() => $("#link").textContent = "Copy link", 2000);
  },
  ask: () => set(ask(state.quiz, right)),
  reveal: () => set({ quiz: { ...state.quiz, revealed: true } }),
  leave: () => {
    state = fromHash(location.hash.slice(1));
    draw();
  },
};
for (const [plot, metric] of [["sweep", "metric"], ["curves", "curve"]]) {
  const name = `${study.study}_${plot}`, svg = $(`#${plot}`);
  ACTIONS[`${plot}-csv`] = () => offer(csvOf(state[metric], plots[plot].places), `${name}.csv`);
  ACTIONS[`${plot}-svg`] = () => offer(svgOf(svg), `${name}.svg`);
  svg.onpointermove = (event) => showTip(placeOf(plot, event), state[metric], event);
  svg.onpointerleave = () => $("#tip").hidden = true;
  svg.onclick = (event) => {
    const place = placeOf(plot, event), { x } = plots[plot];
    if (state.quiz?.plot === plot) answer((event.offsetX - x.from) / (x.to - x.from));
    else if (place) event.shiftKey ? toggle(place.run.name) : select(place.run, place.row);
  };
}
for (const [key, control] of Object.entries(controls)) {
  control.oninput = ({ target: { type, checked, value, max } }) => {
    if (key === "alpha") slide(Math.exp(value));
    else if (key === "optimizer") select(bestOf(value));
    else if (key === "row") set({ row: value === max ? "" : value });
    else set({ [key]: type === "checkbox" ? checked : value });
  };
}
for (const button of $$("[data-do]")) button.onclick = () => ACTIONS[button.dataset.do]();
$("#answer").oninput = ({ target }) => answer(Number(target.value));
$("#in-table").ontoggle = draw;
$("#table").oninput = ({ target }) => toggle(target.dataset.run);
onpointerdown = onkeydown = () => clearInterval(playing);
onhashchange = ACTIONS.leave;
onresize = draw;
draw();

/** The mark, or the point of a curve, that is nearest to the mouse. */
function placeOf(plot, { offsetX, offsetY }) {
  const far = ({ x, y }) => Math.hypot(x - offsetX, y - offsetY);
  const near = plots[plot].places.filter((place) => far(place) < NEAR);
  return near.reduce((a, b) => a && far(a) < far(b) ? a : b, null);
}

function showTip(place, metric, { pageX, pageY }) {
  const tip = $("#tip"), { run, row } = place ?? {};
  tip.hidden = !place;
  if (!place) return;
  const value = `${label(metric)} ${reading(metric, row)}`;
  tip.textContent = `${run.name}, step ${arrays.step[row]}: ${value}; ${run.status}`;
  const room = document.documentElement.clientWidth - tip.offsetWidth - 8;
  tip.style.cssText = `left:${Math.max(8, Math.min(pageX + 12, room))}px;top:${pageY + 14}px`;
}

/** Fill in the static parts of the page. */
function fill() {
  const limits = optimizers.flatMap(({ predicted }) => predicted ? [1.3 * predicted.limit] : []);
  const sizes = [...runs.map(({ stepSize }) => stepSize), ...limits], alpha = $("[data-key=alpha]");
  study.stepSizes = [Math.min(...sizes) / 1.25, Math.max(...sizes) * 1.25];
  [alpha.min, alpha.max] = study.stepSizes.map(Math.log);
  study.over = seeds.length > 1 ? `median (${study.outer}) of ${seeds.length} seeds` : "one seed";
  $("#about").textContent =
    `${study.model} on ${study.dataset}, ${runs.length} runs; ${study.over}`;
  $("#validity").textContent = prediction ? study.validity : "";
  $("#of-predictions").hidden = $("#of-dashes").hidden = !prediction;
  $("#in-plane").hidden = !study.path;
  $("#predict").hidden = !study.questions.length;
  const options = (key, values, name = (value) => value) => {
    const list = values.map((value) => `<option value="${value}">${name(value)}</option>`);
    $(`select[data-key=${key}]`).insertAdjacentHTML("beforeend", list.join(""));
  };
  for (const key of ["metric", "curve"]) options(key, metrics, label);
  options("optimizer", optimizers.map(({ name }) => name));
  options("other", runs.map(({ name }) => name));
  $("#optimizers").innerHTML = optimizers.map(({ name, mark: kind, open, colours }) => {
    const sign = path(`mark ${open ? "averaged" : ""}`, mark(kind, 0, 0, 6), colour(colours));
    const key = `<svg class="key" aria-hidden="true" viewBox="-8 -8 16 16">${sign}</svg>`;
    return `<label><input type="checkbox" data-key="show-${name}"> ${key} ${name}</label>`;
  }).join("");
  const signs = new Set(runs.map(signOf));
  for (const entry of $$("[data-sign]")) entry.hidden = !signs.has(entry.dataset.sign);
}
