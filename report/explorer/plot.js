// Parts of both plots as SVG text: scales, axes, marks and lines.

import { text } from "study";

const LEFT = 62, BOTTOM = 42;

/** A scale from values to pixels, and back. */
function scaleOf([low, high], log, from, to) {
  const [turn, back] = log ? [Math.log, Math.exp] : [(v) => v, (v) => v];
  const [a, b] = [turn(low), turn(high)];
  const at = (value) => from + (to - from) * (turn(value) - a) / (b - a);
  const value = (pixel) => back(a + (b - a) * (pixel - from) / (to - from));
  return { low, high, log, from, to, at, value };
}

/** The ends of an axis of the values up to `most`, with a margin. */
export function rangeOf(values, log, most = Infinity) {
  const held = values.filter((value) => value <= most && value > (log ? 0 : -Infinity));
  if (!held.length) return [0.1, 1];
  const high = held.reduce((a, b) => Math.max(a, b)), least = held.reduce((a, b) => Math.min(a, b));
  const low = log ? Math.max(least, high * 1e-12) : least; // decades
  const room = log ? (high / low) ** 0.05 * 1.01 : 0.05 * (high - low) || 0.5;
  return log ? [low / room, high * room] : [low - room, high + room];
}

function ticksOf({ low, high, log, from, to }) {
  const most = Math.abs(to - from) / (from < to ? 55 : 32), decades = Math.log10(high / low);
  if (log && decades > 0.6) {
    const factors = decades * 3 < most ? [1, 2, 5] : [1], every = Math.ceil(decades / most);
    const ticks = [], last = Math.log10(high);
    for (let k = Math.floor(Math.log10(low)); k <= last; k++) {
      if (k % every === 0) ticks.push(...factors.map((factor) => factor * 10 ** k));
    }
    return ticks.filter((tick) => tick >= low && tick <= high);
  }
  const rough = (high - low) / most, power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].find((factor) => factor * power >= rough) * power;
  const first = Math.ceil(low / step), count = Math.floor(high / step) - first + 1;
  return Array.from({ length: count }, (_, i) => (first + i) * step);
}

/** The axes of a plot: its scales x and y, its frame, and their SVG.

 x, y: { label, range, log, metric }; right, top: margins in pixels. */
export function axes(svg, { x, y, right = 14, top = 14 }) {
  const { clientWidth: width, clientHeight: height } = svg;
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  const frame = { left: LEFT, right: width - right, top, bottom: height - BOTTOM };
  const xs = scaleOf(x.range, x.log, frame.left, frame.right);
  const ys = scaleOf(y.range, y.log, frame.bottom, frame.top);
  const write = (words, place, anchor) => `<text ${place} text-anchor="${anchor}">${words}</text>`;
  const at = (left, above) => `x="${left}" y="${above}"`;
  const middle = `transform="translate(13 ${(frame.top + frame.bottom) / 2}) rotate(-90)"`;
  const grid = [
    ...ticksOf(xs).map((tick) =>
      path("grid", down(xs.at(tick), frame)) +
      write(text(tick), at(xs.at(tick), frame.bottom + 16), "middle")
    ),
    ...ticksOf(ys).map((tick) =>
      path("grid", across(ys.at(tick), frame)) +
      write(text(tick, y.metric), at(frame.left - 6, ys.at(tick) + 4), "end")
    ),
    write(x.label, at((frame.left + frame.right) / 2, height - 6), "middle"),
    write(y.label, middle, "middle"),
  ];
  return { x: xs, y: ys, frame, grid: grid.join("") };
}

/** Vertical and horizontal lines through a frame. */
export const down = (x, { top, bottom }) => `M${x} ${top}V${bottom}`;
export const across = (y, { left, right }) => `M${left} ${y}H${right}`;

/** The y coordinate of a value, at an edge if it is beyond the axis or not finite. */
export function within(scale, value) {
  if (scale.log && value <= 0) return scale.from;
  const at = scale.at(value);
  return at < scale.from ? Math.max(scale.to, at) : at >= scale.from ? scale.from : scale.to;
}

/** A path with the class `kind`, a style, and a title to show on hover. */
export const path = (kind, d, style = "", title = "") =>
  `<path class="${kind}" d="${d}" style="${style}">${title && `<title>${title}</title>`}</path>`;

/** The style of a colour for light and one for dark backgrounds. */
export const colour = ([light, dark]) => `color:light-dark(${light},${dark});`;

/** The path through points, with gaps at null. */
export function line(places) {
  let d = "", pen = "M";
  for (const place of places) {
    if (place) d += `${pen}${place[0].toFixed(1)} ${place[1].toFixed(1)}`;
    pen = place ? "L" : "M";
  }
  return d;
}

// markers by their matplotlib names: number of corners, rotation, relative radius of every other one
const CORNERS = { o: [16, 0], s: [4, 0.5], D: [4, 0], h: [6, 0], p: [5, 0], v: [3, 0.5] };
Object.assign(CORNERS, { "^": [3, 0], P: [8, 0, 0.4], X: [8, 1, 0.4] });

/** The path of a marker. */
export function mark(kind, x, y, size) {
  const [sides, turn, inner = 1] = CORNERS[kind];
  const corners = Array.from({ length: sides }, (_, i) => {
    const angle = 2 * Math.PI * (i + turn) / sides - Math.PI / 2, r = size * (i % 2 ? inner : 1);
    return [x + r * Math.cos(angle), y + r * Math.sin(angle)];
  });
  return `${line(corners)}Z`;
}
