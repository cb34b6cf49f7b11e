// A frame with axes, by uPlot, in which a function paints; what the mouse does there.

/* global uPlot */

export const DASHES = [[], [7, 3], [2, 2], [9, 3, 2, 3], [12, 4], [4, 2, 1, 2]];
const POINTS = 96, ABOVE = 14; // CSS pixels between ticks; above the frame

/** The colours of the page, which follow light and dark. */
export function colours() {
  const style = getComputedStyle(document.documentElement);
  const of = (name) => style.getPropertyValue(`--${name}`).trim();
  return {
    ink: of("ink"),
    faint: of("faint"),
    ground: of("ground"),
    dark: of("scheme") === "dark",
  };
}

/**
 * Draw in an element, in place of what is there.
 *
 * x, y: {label, log, range} of the axes. paint(pen): draws; a pen has the canvas's context, pixels
 * to a CSS pixel, and x and y, which turn values into places. on: {hover(x, y), click,
 * zoom([left, right, bottom, top]), reset}; places are CSS pixels in the frame.
 */
export function draw(element, { x, y, paint, on }) {
  const { ink, faint } = colours();
  const width = element.clientWidth;
  const height = Math.round(Math.max(260, Math.min(440, 0.5 * width)));
  const axis = ({ label, log }, extra) => ({
    label,
    stroke: ink,
    font: "12px system-ui, sans-serif",
    labelFont: "13px system-ui, sans-serif",
    labelSize: 22,
    grid: { stroke: faint, width: 1 },
    ticks: { stroke: faint, width: 1, size: 5 },
    filter: (_, splits) => splits,
    values: (_, splits) => splits.map(short),
    ...extra(log),
  });
  const scale = ({ log, range }) => ({ time: false, distr: log ? 3 : 1, range: () => range });
  const fit = (size) => (log) => ({ splits: (_u, _i, low, high) => ticks(low, high, log, size) });
  const chart = new uPlot(
    {
      width,
      height,
      padding: [ABOVE, 14, 0, 0],
      legend: { show: false },
      scales: { x: scale(x), y: scale(y) },
      axes: [
        axis(x, (log) => ({ ...fit(Math.max(3, width / POINTS))(log), size: 30 })),
        axis(y, (log) => ({ ...fit(height / 48)(log), size: 62 })),
      ],
      series: [{}, { stroke: "transparent", points: { show: false } }],
      cursor: {
        points: { show: false },
        drag: { x: true, y: true, uni: 30, setScale: false },
        bind: { dblclick: () => () => on.reset?.() },
      },
      hooks: {
        draw: [(u) => paint(penOf(u, x, y))],
        setCursor: [(u) => u.cursor.left >= 0 && on.hover?.(u.cursor.left, u.cursor.top)],
        setSelect: [(u) => zoomed(u, on)],
      },
    },
    [x.range, y.range],
    element,
  );
  const over = element.querySelector(".u-over");
  over.addEventListener("click", (event) => {
    if (!over.dragged) on.click?.(event.offsetX, event.offsetY, event);
    over.dragged = false;
  });
  return chart;
}

function zoomed(u, on) {
  const { left, top, width, height } = u.select;
  const over = u.root.querySelector(".u-over");
  if (width < 4 && height < 4) return;
  over.dragged = true;
  u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  const [right, bottom] = [left + width, top + height];
  on.zoom?.(
    [[left, right], [bottom, top]].flatMap((edges, axis) =>
      edges.map((edge) => u.posToVal(edge, "xy"[axis]))
    ),
  );
}

/** With which one paints: places are not finite where an axis cannot show a value. */
function penOf({ ctx, bbox }, x, y) {
  return {
    ctx,
    ratio: devicePixelRatio,
    frame: bbox,
    x: placed(x, bbox.left, bbox.width),
    y: placed(y, bbox.top + bbox.height, -bbox.height),
    clip() {
      ctx.beginPath();
      ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
      ctx.clip();
    },
  };
}

function placed({ log, range: [low, high] }, from, length) {
  const turned = log ? Math.log : (value) => value;
  const scale = length / (turned(high) - turned(low)), start = from - scale * turned(low);
  return (value) => bounded(start + scale * turned(value));
}

/** A place that a canvas can hold, which draws no line to one beyond float32. */
const bounded = (place) => Number.isFinite(place) ? Math.max(-1e6, Math.min(1e6, place)) : place;

/** Round numbers from low to high, about so many at most. */
export function ticks(low, high, log, most) {
  if (log && low > 0 && high >= 10 * low) {
    const first = Math.floor(Math.log10(low)), last = Math.ceil(Math.log10(high));
    for (
      const [digits, every] of [[[1, 2, 5], 1], [[1], 1], [[1], 2], [[1], 3], [[1], 5], [[1], 10]]
    ) {
      const all = [];
      for (let decade = first; decade <= last; decade++) {
        if (decade % every === 0) all.push(...digits.map((digit) => Number(`${digit}e${decade}`)));
      }
      const inside = all.filter((tick) => tick >= low * (1 - 1e-9) && tick <= high * (1 + 1e-9));
      if (inside.length <= most + 1) return inside;
    }
  }
  const rough = (high - low) / most, decade = 10 ** Math.floor(Math.log10(rough));
  const step = decade * [1, 2, 5, 10].find((digit) => digit * decade >= rough);
  const count = Math.floor(high / step + 1e-9) - Math.ceil(low / step - 1e-9) + 1;
  const start = Math.ceil(low / step - 1e-9);
  return Array.from({ length: count }, (_, i) => Number(((start + i) * step).toPrecision(12)));
}

function short(value) {
  const size = Math.abs(value);
  return size && (size < 1e-3 || size >= 1e6)
    ? value.toExponential().replace("e+", "e")
    : `${value}`;
}

const DEPTH = 1e-10; // of the largest: on a logarithmic axis, what is lower is as good as zero

/**
 * An axis that holds values, with room at its ends: {log, range}. log: null where it may choose;
 * whole: whether it then is to show 0, too.
 */
export function axisOf(values, log, whole = false) {
  let low = Infinity, high = -Infinity, least = Infinity;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
    if (value > 0) least = Math.min(least, value);
  }
  const fits = low > 0 || (low === 0 && !whole);
  log ??= high > 0 && fits && high > 4 * Math.max(least, DEPTH * high);
  if (!(high > -Infinity) || (log && !(high > 0))) return { log, range: log ? [0.1, 1] : [0, 1] };
  if (log) {
    low = Math.max(least, DEPTH * high);
    const room = (high / low) ** 0.06 * 1.01;
    return { log, range: [low / room, high * room] };
  }
  const room = 0.06 * (high - low) || 0.05 * Math.abs(high) || 1;
  return { log, range: [low - room, high + room] };
}

// circle, square, triangle, diamond, triangle downwards, plus, cross
const SHAPES = [
  (ctx, x, y, r) => ctx.arc(x, y, r, 0, 2 * Math.PI),
  (ctx, x, y, r) => ctx.rect(x - 0.9 * r, y - 0.9 * r, 1.8 * r, 1.8 * r),
  (ctx, x, y, r) => corners(ctx, x, y, 1.2 * r, 3, -90),
  (ctx, x, y, r) => corners(ctx, x, y, 1.3 * r, 4, 0),
  (ctx, x, y, r) => corners(ctx, x, y, 1.2 * r, 3, 90),
  (
    ctx,
    x,
    y,
    r,
  ) => (ctx.rect(x - r, y - 0.3 * r, 2 * r, 0.6 * r), ctx.rect(x - 0.3 * r, y - r, 0.6 * r, 2 * r)),
  (ctx, x, y, r) => corners(ctx, x, y, 1.2 * r, 6, 0),
];

function corners(ctx, x, y, r, count, turn) {
  for (let i = 0; i < count; i++) {
    const angle = (turn + i * 360 / count) * Math.PI / 180;
    ctx[i ? "lineTo" : "moveTo"](x + r * Math.cos(angle), y + r * Math.sin(angle));
  }
  ctx.closePath();
}

/** The mark of an optimizer, by its place among them. */
export function mark(ctx, shape, x, y, radius) {
  ctx.beginPath();
  SHAPES[shape % SHAPES.length](ctx, x, y, radius);
  ctx.fill();
}

/** A line through places; it is interrupted where one is not finite. */
export function line(ctx, xs, ys) {
  ctx.beginPath();
  let pen = "moveTo";
  for (let i = 0; i < xs.length; i++) {
    if (Number.isFinite(xs[i]) && Number.isFinite(ys[i])) {
      ctx[pen](xs[i], ys[i]);
      pen = "lineTo";
    } else pen = "moveTo";
  }
  ctx.stroke();
}

/** Which of the places [x, y] is nearest to one. */
export function nearest(places, x, y) {
  let best = -1, least = Infinity;
  places.forEach((place, i) => {
    const away = (place.x - x) ** 2 + (place.y - y) ** 2;
    if (away < least) [best, least] = [i, away];
  });
  return best;
}
