// What the page shows; the part of it that is not as at first lives in the hash of its address.

import { ALONG } from "./curves.js";

export const MOST_PINS = 2;
const FEW = 24; // curves
const AT = ["end", "best", "epoch"], YES_NO = ["sweepLog", "xLog", "yLog", "seeds"];

/** What is shown at first. */
export function initial(study) {
  const has = (metric) => study.metrics.includes(metric);
  const first = (...metrics) => metrics.find(has);
  return {
    metric: first("test_error", "excess", "test_loss"),
    at: "end",
    epoch: study.epochs.length - 1,
    sweepLog: null, // logarithmic or not; null: as fits
    hidden: [], // optimizers
    chosen: fewOf(study), // runs whose curves are drawn
    curve: first("excess", "objective"),
    x: "epoch",
    xLog: false,
    yLog: null,
    seeds: false, // as lines
    zoom: null, // [left, right, bottom, top] of the curves
    run: null, // which one hovers or walks over, and its row
    row: null,
    pins: [],
  };
}

/** Evenly spaced runs of each optimizer, with the best: as many as one can tell apart. */
function fewOf(study) {
  const each = Math.max(2, Math.floor(FEW / study.optimizers.length));
  return study.optimizers.flatMap(({ name, best }) => {
    const runs = study.runs.filter(({ optimizer }) => optimizer === name);
    const few = Math.min(each, runs.length);
    const even = Array.from(
      { length: few },
      (_, i) => runs[Math.round(i * (runs.length - 1) / Math.max(1, few - 1))],
    );
    return runs.filter((run) => even.includes(run) || run.stepSize === best);
  }).map(({ index }) => index);
}

const OF_RUNS = ["chosen", "pins", "run"];

/** The hash of a state, without what is as at first. */
export function toHash(state, study) {
  const first = initial(study), hash = new URLSearchParams();
  for (const key in first) {
    const value = named(key, state[key], study);
    if (value !== named(key, first[key], study)) hash.set(key, value);
  }
  return hash.toString();
}

function named(key, value, { runs, columns }) {
  if (value === null) return "";
  if (key === "row") return String(columns.step[value]);
  if (OF_RUNS.includes(key)) return [value].flat().map((index) => runs[index].name).join();
  if (key === "zoom") return value.map((edge) => Number(edge.toPrecision(12))).join();
  return String(value);
}

/** The state of a hash; what it does not know, or no longer, is as at first. */
export function fromHash(hash, study) {
  const state = initial(study), { runs, metrics, epochs } = study;
  const words = { metric: metrics, curve: metrics, at: AT, x: Object.keys(ALONG) };
  let step = null;
  for (const [key, text] of new URLSearchParams(hash)) {
    const parts = text.split(",").filter(Boolean);
    const found = [...new Set(parts)].map((name) => runs.findIndex((run) => run.name === name))
      .filter((index) => index >= 0);
    if (key === "chosen" && (found.length || !text)) state.chosen = found;
    else if (key === "pins") state.pins = found.slice(-MOST_PINS);
    else if (key === "run") state.run = found[0] ?? null;
    else if (key === "row") step = Number(text);
    else if (key === "hidden") state.hidden = parts;
    else if (key === "zoom") state.zoom = rangesOf(parts.map(Number));
    else if (key === "epoch" && text in epochs) state.epoch = Number(text);
    else if (YES_NO.includes(key) && /^(true|false)$/.test(text)) state[key] = text === "true";
    else if (words[key]?.includes?.(text)) state[key] = text;
  }
  if (state.run !== null) {
    const { start, steps } = study.runs[state.run];
    const row = study.columns.step.subarray(start, start + steps).indexOf(step);
    state.row = row < 0 ? start + steps - 1 : start + row;
  }
  return state;
}

const rangesOf = (edges) =>
  edges.length === 4 && edges.every(Number.isFinite) && edges[0] < edges[1] && edges[2] < edges[3]
    ? edges
    : null;
