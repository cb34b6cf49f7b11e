// The path of a run in the plane of its two weights, over the contours of the objective.

import { line, path } from "plot";
import { arrays, study } from "study";

const LEVELS = 10, HALF = 100; // number of contours; half the width of the plot

/** Draw the contours, and the path up to a step. */
export function drawPlane(svg, { number }, step) {
  const { optimum: [u, v], hessian: [[a, b], [, c]], steps } = study.path;
  const start = steps.slice(0, number).reduce((sum, count) => sum + count, 0);
  const away = (row) => [arrays.path[2 * row] - u, arrays.path[2 * row + 1] - v];
  const half = 1.35 * Math.max(...away(start).map(Math.abs)) || 1;
  // F − F* = ½ (a x² + 2 b x y + c y²): ellipses by eigenvalues, rotated to the eigenvectors
  const middle = (a + c) / 2, spread = Math.hypot((a - c) / 2, b);
  const turn = -Math.atan2(2 * b, a - c) / 2 * 180 / Math.PI;
  const contours = Array.from({ length: LEVELS }, (_, k) => {
    const radius = (h) => HALF * Math.sqrt(2 * (middle + spread) / 2 ** k / Math.max(h, 1e-12));
    const radii = `rx="${radius(middle + spread)}" ry="${radius(middle - spread)}"`;
    return `<ellipse class="contour" ${radii} transform="rotate(${turn})"/>`;
  });
  const rows = Array.from({ length: steps[number] }, (_, i) => start + i)
    .filter((row) => arrays.path_step[row] <= step);
  const places = rows.map(away).map(([x, y]) => [HALF * x / half, -HALF * y / half])
    .filter((place) => place.every((value) => Math.abs(value) < 1e4));
  const dots = places.map(([x, y]) => `<circle class="iterate" cx="${x}" cy="${y}" r="1.5"/>`);
  const optimum = path("optimum", "M-3-3L3 3M-3 3L3-3");
  svg.setAttribute("viewBox", `${-HALF} ${-HALF} ${2 * HALF} ${2 * HALF}`);
  svg.innerHTML = [...contours, path("curve", line(places)), ...dots, optimum].join("");
}
