// What a button saves: the drawn numbers as CSV, the drawing as SVG.

const STYLES =
  "fill stroke stroke-width stroke-dasharray stroke-linecap opacity font-family font-size";

/** A row for each seed of each place that is drawn, with the columns of traces.csv. */
export function csvOf({ study, columns, seeds, width }, metric, places) {
  const plain = (v) =>
    Number.isFinite(v) ? Number(v.toPrecision(9)) : String(v).slice(0, 3).toLowerCase();
  const lines = places.flatMap(({ run, row }) =>
    seeds.map((seed, i) => {
      const values = [columns.epoch[row], columns[metric][row * width + 3 + i]].map(plain);
      return [study, run.optimizer.name, run.label, seed, columns.step[row], ...values].join();
    })
  );
  const head = ["study", "optimizer", "step_size", "seed", "step", "epoch", metric].join();
  return [head, ...lines, ""].join("\n");
}

/** The drawing on a light ground, with the styles that it has on the page. */
export function svgOf(svg) {
  const copy = svg.cloneNode(true),
    originals = svg.querySelectorAll("*"),
    root = document.documentElement;
  root.style.colorScheme = "light";
  copy.querySelectorAll("*").forEach((element, i) => {
    const style = getComputedStyle(originals[i]);
    element.removeAttribute("style");
    for (const name of STYLES.split(" ")) element.setAttribute(name, style[name]);
  });
  root.style.colorScheme = "";
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.setAttribute("style", "background:white");
  return copy.outerHTML;
}

/** Offer a text as a file. */
export function offer(text, name) {
  const href = URL.createObjectURL(new Blob([text]));
  Object.assign(document.createElement("a"), { href, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(href), 1000);
}
