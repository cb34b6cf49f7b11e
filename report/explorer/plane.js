// The path of a run in the plane of its two weights, over the contours of the objective.

const SPACE = "http://www.w3.org/2000/svg";
const LEVELS = 10, HALF = 100; // contours; half the picture's side

function shape(tag, attributes) {
  const element = document.createElementNS(SPACE, tag);
  for (const name in attributes) element.setAttribute(name, attributes[name]);
  return element;
}

/** The steps and weights of a run. */
export function pathOf({ path, columns }, { number }) {
  const start = path.steps.slice(0, number).reduce((sum, steps) => sum + steps, 0);
  const steps = path.steps[number];
  return {
    steps: columns.path_step.subarray(start, start + steps),
    points: Array.from({ length: steps }, (_, i) => {
      const place = 2 * (start + i);
      return [columns.path[place], columns.path[place + 1]];
    }),
  };
}

/** Draw the contours, and the path as far as a step. */
export function drawPlane(svg, study, run, step) {
  const { optimum: [u, v], hessian: [[a, b], [, c]] } = study.path;
  const { steps, points } = pathOf(study, run);
  const away = Math.max(...points[0].map((w, i) => Math.abs(w - study.path.optimum[i])));
  const half = 1.35 * away || 1;
  const place = ([x, y]) => [HALF * (x - u) / half, -HALF * (y - v) / half];
  svg.replaceChildren();
  svg.setAttribute("viewBox", `${-HALF} ${-HALF} ${2 * HALF} ${2 * HALF}`);
  // F - F* = ½ (a x² + 2 b x y + c y²): an ellipse by the eigenvalues, turned by their vectors
  const middle = (a + c) / 2, spread = Math.hypot((a - c) / 2, b);
  const turn = -Math.atan2(2 * b, a - c) / 2 * 180 / Math.PI;
  const highest = (middle + spread) * half ** 2;
  for (let k = 0; k < LEVELS; k++) {
    const level = highest / 2 ** k;
    const radius = (curvature) => HALF / half * Math.sqrt(2 * level / Math.max(curvature, 1e-12));
    svg.append(shape("ellipse", {
      class: "contour",
      rx: radius(middle + spread),
      ry: radius(middle - spread),
      transform: `rotate(${turn})`,
    }));
  }
  const count = steps.findLastIndex((s) => s <= step) + 1;
  const inside = points.slice(0, count).filter((point) => point.every(Number.isFinite)).map(place)
    .map((xy) => xy.map((w) => Math.max(-1e4, Math.min(1e4, w)).toFixed(2)));
  svg.append(shape("polyline", { class: "path", points: inside.join(" ") }));
  for (const [cx, cy] of inside) svg.append(shape("circle", { class: "iterate", cx, cy, r: 1.4 }));
  const now = inside.at(-1);
  if (now) svg.append(shape("circle", { class: "now", cx: now[0], cy: now[1], r: 3 }));
  svg.append(shape("path", { class: "optimum", d: "M-3-3L3 3M-3 3L3-3" }));
}
