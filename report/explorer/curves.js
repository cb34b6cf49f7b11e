// The training curves: a metric of the chosen runs against steps, epochs or α t.

import { expected } from "expected";
import { across, axes, colour, line, mark, path, rangeOf, within } from "plot";
import { arrays, band, label, median, minimum, ofSeeds, prediction, seeds, text } from "study";
import { baseOf, MANY, mostOf, visible } from "sweep";

const ALONG = { step: "step t", epoch: "epoch", path: "α t, step size × steps" };
const CANVAS = `<foreignObject width="100%" height="100%"><canvas></canvas></foreignObject>`;
const PARTS = { all: [0], first: [0, 20], last: [-20] }; // evaluated steps, for slice

/** Draw the curves, and return the places of their points and the axes. */
export function drawCurves(svg, view) {
  const { curve: metric, xLog, yLog, run: current } = view;
  const shown = visible(view, metric).filter((run) => view.chosen.has(run.name) || run === current)
    .map((run) => ({ run, rows: shownRows(run, view), along: alongOf(view, run.stepSize) }));
  const forecast = view.blank ? [] : forecastOf(view);
  const ends = shown.flatMap(({ rows, along }) => [along(rows[0]), along(rows.at(-1))]);
  const [low, high] = ends.length ? [Math.min(...ends), Math.max(...ends)] : [1, 1];
  const heights = shown.flatMap(({ rows }) => rows.map((row) => median(metric, row)));
  heights.push(...forecast.map(([, y]) => y), ...(view.target ? [view.target] : []));
  const range = rangeOf(heights, yLog, mostOf(metric, yLog));
  const x = { label: ALONG[view.x], log: xLog, range: [low, high > low ? high : low + 1] };
  const plot = axes(svg, { x, y: { label: label(metric), log: yLog, metric, range }, right: 64 });
  const drawn = view.blank ? [] : shown.map((of) => curve(view, plot, of, shown.length <= MANY));
  const many = drawn.length > MANY ? CANVAS : "";
  const parts = [level(view, plot), many, ...drawn.map(({ svg }) => svg)];
  svg.innerHTML = plot.grid + parts.join("") + dashed(forecast, plot) + names(drawn, current);
  if (many) drawMany(svg.querySelector("canvas"), svg, drawn);
  return { ...plot, places: drawn.flatMap(({ places }) => places) };
}

/** Draw curves on a canvas, which is faster than thousands of SVG paths. */
function drawMany(canvas, { clientWidth: width, clientHeight: height }, drawn) {
  const pen = canvas.getContext("2d"), ratio = devicePixelRatio;
  const dark = matchMedia("(prefers-color-scheme: dark)").matches ? 1 : 0;
  Object.assign(canvas, { width: width * ratio, height: height * ratio });
  pen.scale(ratio, ratio);
  for (const { run, places } of drawn) {
    pen.beginPath();
    for (const { x, y } of places) pen.lineTo(x, y);
    pen.strokeStyle = run.colours[dark];
    pen.stroke();
  }
}

/** The rows of a run to show, without step 0 if the axis is logarithmic. */
function shownRows(run, { part, xLog }) {
  const rows = run.rows.slice(...PARTS[part]);
  return xLog && rows.length > 1 && arrays.step[rows[0]] === 0 ? rows.slice(1) : rows;
}

/** The x coordinate of a row of a run. */
const alongOf = ({ x }, stepSize) => (row) =>
  x === "path" ? stepSize * arrays.step[row] : arrays[x][row];

/** Points [x, y] of the prediction at the step size of the slider, at the steps of the nearest run. */
function forecastOf(view) {
  const base = baseOf(view.curve), { run, alpha } = view, along = alongOf(view, alpha);
  if (base === null || !view[`show-${run.optimizer.name}`]) return [];
  const rows = shownRows(run, view), steps = rows.map((row) => arrays.step[row]);
  const heights = expected(prediction, run.optimizer, alpha, steps);
  return heights.map((height, i) => [along(rows[i]), base + height]);
}

function dashed(forecast, { x, y }) {
  const inside = ([px, py]) => py >= y.low && py <= y.high && px >= x.low && px <= x.high;
  return path("predicted", line(forecast.map((p) => inside(p) ? [x.at(p[0]), y.at(p[1])] : null)));
}

/** The SVG of a run: range or single seeds, medians, and the mark of its optimizer at the end. */
function curve(view, { x, y }, { run, rows, along }, few) {
  const { curve: metric } = view, current = run === view.run, parts = [];
  const through = (value) => rows.map((row) => [x.at(along(row)), within(y, value(row))]);
  const middle = through((row) => median(metric, row));
  const places = middle.map(([x, y], i) => ({ run, row: rows[i], x, y }));
  if (!few && !current) return { run, places };
  if (view.seeds) {
    const each = seeds.map((_, i) => line(through((row) => ofSeeds(metric, row)[i])));
    parts.push(path("seed", each.join("")));
  } else if (seeds.length > 1) {
    const [low, high] = [0, 2].map((i) => through((row) => band(metric, row)[i]));
    parts.push(path("band", `${line([...low, ...high.reverse()])}Z`));
  }
  parts.push(path(current ? "curve current" : "curve", line(middle)));
  const beyond = places.find(({ row }) => !(median(metric, row) <= y.high)), end = places.at(-1);
  const sign = beyond && `M${beyond.x - 5} ${y.to + 8}l5-8 5 8z`;
  if (beyond) parts.push(path("end", sign, "", "beyond the axis"));
  parts.push(path("end", mark(run.optimizer.mark, end.x, end.y, 4.5)));
  const now = current && places.find(({ row }) => row === view.row);
  if (now) parts.push(`<circle class="now" cx="${now.x}" cy="${now.y}" r="6"/>`);
  return { run, places, svg: `<g style="${colour(run.colours)}">${parts.join("")}</g>` };
}

/** A horizontal line: the target of a question, the minimum F*, or 2/α of the slider. */
function level({ curve: metric, target, alpha }, { y, frame }) {
  const known = { objective: [minimum ?? NaN, "the minimum F*"] };
  known.curvature = [2 / alpha, "2/α, beyond which the sharpest direction grows"];
  const [value, name] = target ? [target, "the target"] : known[metric] ?? [];
  const inside = value >= y.low && value <= y.high;
  return inside ? path("limit", across(y.at(value), frame), "", name) : "";
}

/** The step size of each curve after its end, without overlaps, the current run first. */
function names(drawn, current) {
  const taken = [], ends = drawn.map(({ run, places }) => ({ run, ...places.at(-1) }));
  return ends.sort((a, b) => (b.run === current) - (a.run === current)).map(({ run, x, y }) => {
    if (taken.some((other) => Math.abs(other.y - y) < 12 && Math.abs(other.x - x) < 60)) return "";
    taken.push({ x, y });
    return `<text x="${x + 8}" y="${y + 4}">${text(run.stepSize)}</text>`;
  }).join("");
}
