// The training curves: a metric of the chosen runs against steps, epochs or α t.

import { expected } from "expected";
import { across, axes, colour, line, mark, path, rangeOf, within } from "plot";
import { band, label, median, ofSeeds } from "study";
import { baseOf, mostOf, visible } from "sweep";

const ALONG = { step: "step t", epoch: "epoch", path: "α t, step size × steps" };
const PART = 20; // evaluated steps of a part
const MANY = 30; // runs: of more, ranges over seeds would cover each other

/** Draw the curves; the places of their points, and the axes. */
export function drawCurves(svg, study, view) {
  const { curve: metric, xLog, yLog } = view;
  const shown = visible(study, view, metric)
    .filter((run) => view.chosen.has(run.name) || run === view.run)
    .map((run) => {
      return { run, rows: rowsOf(study, run, view), along: alongOf(study, view, run.stepSize) };
    });
  const prediction = view.blank ? [] : predict(study, view);
  const ends = shown.flatMap(({ rows, along }) => [along(rows[0]), along(rows.at(-1))]);
  const [low, high] = [Math.min(...ends, ...(ends.length ? [] : [1])), Math.max(...ends, 0)];
  const heights = shown.flatMap(({ rows }) => rows.map((row) => median(study, metric, row)));
  heights.push(...prediction.map(([, y]) => y), ...(view.target ? [view.target] : []));
  const range = rangeOf(heights, yLog, mostOf(study, metric, yLog));
  const x = { label: ALONG[view.x], log: xLog, range: [low, high > low ? high : low + 1] };
  const plot = axes(svg, { x, y: { label: label(metric), log: yLog, metric, range }, right: 64 });
  const few = shown.length <= MANY, drawn = [];
  if (!view.blank) drawn.push(...shown.map((of) => curve(study, view, plot, of, few)));
  svg.classList.toggle("many", !few);
  const parts = [...levels(study, view, plot), ...drawn.map(({ svg }) => svg)];
  svg.innerHTML = plot.grid + parts.join("") + dashed(prediction, plot) + names(drawn, view);
  return { ...plot, places: drawn.flatMap(({ places }) => places) };
}

/** The rows of a run that are shown; a logarithmic axis does not have the start. */
function rowsOf({ columns }, { start, end }, { part, xLog }) {
  const first = part === "last" ? Math.max(start, end - PART + 1) : start;
  const last = part === "first" ? Math.min(end, start + PART - 1) : end;
  const rows = Array.from({ length: last - first + 1 }, (_, i) => first + i);
  return xLog && rows.length > 1 && columns.step[first] === 0 ? rows.slice(1) : rows;
}

/** Where a row of a run is on the axis. */
const alongOf = ({ columns }, { x }, stepSize) => (row) =>
  x === "path" ? stepSize * columns.step[row] : columns[x][row];

/** What is expected at the step size of the slider, at the steps of the nearest run. */
function predict(study, view) {
  const base = baseOf(study, view.curve), { run, alpha } = view;
  if (base === null || !view[`show-${run.optimizer.name}`]) return [];
  const rows = rowsOf(study, run, view), along = alongOf(study, view, alpha);
  const steps = rows.map((row) => study.columns.step[row]);
  const heights = expected(study.prediction, run.optimizer, alpha, steps);
  return heights.map((height, i) => [along(rows[i]), base + height]);
}

function dashed(prediction, { x, y }) {
  const inside = ([px, py]) => py >= y.low && py <= y.high && px >= x.low && px <= x.high;
  const places = prediction.map((p) => inside(p) ? [x.at(p[0]), y.at(p[1])] : null);
  return path("predicted", line(places));
}

/** A run: the range over its seeds or each seed, its medians, and its optimizer's mark at the end. */
function curve(study, view, { x, y }, { run, rows, along }, few) {
  const { curve: metric } = view, current = run === view.run, parts = [];
  const at = (row, value) => [x.at(along(row)), within(y, value)];
  const places = rows.map((row) => {
    const value = median(study, metric, row), [px, py] = at(row, value);
    return { run, row, x: px, y: py, beyond: !(value <= y.high) };
  });
  if (view.seeds) {
    const each = study.seeds.map((_, i) =>
      line(rows.map((row) => at(row, ofSeeds(study, metric, row)[i])))
    );
    parts.push(path("seed", each.join("")));
  } else if (few && study.seeds.length > 1) {
    const edge = (i) => rows.map((row) => at(row, band(study, metric, row)[i]));
    parts.push(path("band", `${line([...edge(0), ...edge(2).reverse()])}Z`));
  }
  parts.push(path(current ? "curve current" : "curve", line(places.map((p) => [p.x, p.y]))));
  const beyond = places.find((place) => place.beyond), end = places.at(-1);
  if (beyond) {
    parts.push(path("end", `M${beyond.x - 5} ${y.to + 8}l5-8 5 8z`, "", "beyond the axis"));
  }
  if (few) parts.push(path("end", mark(run.optimizer.mark, end.x, end.y, 4.5)));
  const now = current && places.find(({ row }) => row === view.row);
  if (now) parts.push(`<circle class="now" cx="${now.x}" cy="${now.y}" r="6"/>`);
  return { run, places, svg: `<g style="${colour(run.colours)}">${parts.join("")}</g>` };
}

/** Lines across: the minimum F*, the target of a question, and 2/α at the slider's step size. */
function levels({ minimum }, { curve: metric, target, alpha }, { y, frame }) {
  const known = { "the target": target };
  if (metric === "objective" && minimum !== null) known["the minimum F*"] = minimum;
  if (metric === "curvature") known["2/α, beyond which the sharpest direction grows"] = 2 / alpha;
  return Object.entries(known).filter(([, value]) => value >= y.low && value <= y.high)
    .map(([name, value]) => path("limit", across(y.at(value), frame), "", name));
}

/** The step size of each curve beside its end, as far as there is room, the current run first. */
function names(drawn, view) {
  const taken = [], ends = drawn.map(({ run, places }) => ({ run, ...places.at(-1) }));
  return ends.sort((a, b) => (b.run === view.run) - (a.run === view.run)).map(({ run, x, y }) => {
    if (taken.some((other) => Math.abs(other.y - y) < 12 && Math.abs(other.x - x) < 60)) return "";
    taken.push({ x, y });
    return `<text x="${x + 8}" y="${y + 4}">${Number(run.label)}</text>`;
  }).join("");
}
