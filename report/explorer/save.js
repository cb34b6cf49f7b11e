// Downloads: the drawn numbers as CSV, and the plots as SVG.

import { arrays, ofSeeds, seeds, study } from "study";

const STYLES = ["fill", "stroke", "stroke-width", "stroke-dasharray", "stroke-linecap"];
STYLES.push("opacity", "font-family", "font-size");

/** CSV with a row for each seed of each drawn point, and the columns of traces.csv. */
export function csvOf(metric, places) {
  const infinite = (v) => Number.isNaN(v) ? "nan" : "inf";
  const plain = (v) => Number.isFinite(v) ? Number(v.toPrecision(9)) : infinite(v);
  const lines = places.flatMap(({ run: { optimizer, label }, row }) => {
    const values = ofSeeds(metric, row), at = [arrays.step[row], plain(arrays.epoch[row])];
    return seeds.map((s, i) => [study.study, optimizer.name, label, s, ...at, plain(values[i])]);
  });
  const head = ["study", "optimizer", "step_size", "seed", "step", "epoch", metric];
  return [head, ...lines].map((line) => `${line.join()}\n`).join("");
}

/** The plot as SVG on a light background, with its computed styles. */
export function svgOf(svg) {
  const copy = svg.cloneNode(true), originals = svg.querySelectorAll("*");
  document.documentElement.style.colorScheme = "light";
  copy.querySelectorAll("*").forEach((element, i) => {
    const style = getComputedStyle(originals[i]);
    element.removeAttribute("style");
    for (const name of STYLES) element.setAttribute(name, style[name]);
  });
  document.documentElement.style.colorScheme = "";
  const canvas = svg.querySelector("canvas"),
    image = canvas && `<image href="${canvas.toDataURL()}"/>`;
  if (canvas) copy.querySelector("foreignObject").outerHTML = image;
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.setAttribute("style", "background:white");
  return copy.outerHTML;
}

/** Download a text as a file. */
export function offer(text, name) {
  const href = URL.createObjectURL(new Blob([text]));
  Object.assign(document.createElement("a"), { href, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(href), 1000);
}
