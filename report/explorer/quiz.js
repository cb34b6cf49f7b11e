// Predict, then reveal: a question about the study, an answer on a plot, then what happened and why.

import { down, path } from "plot";
import { optimizers, runs, study, text } from "study";

const $ = (id) => document.getElementById(id);

/** The state in which the page asks a question. */
export function ask(number) {
  const { plot, metric, optimizer, run, ...question } = study.questions[number];
  const only = optimizers.map(({ name }) => [`show-${name}`, name === optimizer]);
  const sweep = { at: "end", metric }, curves = { part: "all", x: "step", curve: metric };
  return {
    ...Object.fromEntries(only),
    ...(plot === "sweep" ? sweep : curves),
    ...{ optimizer, alpha: runs[run].stepSize, chosen: runs[run].name },
    quiz: { ...question, plot, number, answer: 0.5, revealed: false },
  };
}

/** Show a question, its answer, which is a share of the axis of a plot, and what is said of it. */
export function showQuiz(quiz, plots) {
  const asking = quiz && !quiz.revealed;
  document.body.className = quiz ? `quiz ${asking ? `asking asking-${quiz.plot}` : ""}` : "";
  $("quiz").hidden = !quiz;
  if (!quiz) return;
  const { x, frame } = plots[quiz.plot], at = x.from + quiz.answer * (x.to - x.from);
  const value = x.value(at), right = value >= quiz.low && value <= quiz.high;
  $(quiz.plot).insertAdjacentHTML("beforeend", path("answer", down(at, frame)));
  $("question").textContent = `${quiz.number + 1} of ${study.questions.length}: ${quiz.text}`;
  $("answer").value = quiz.answer;
  $("answered").textContent = `${quiz.plot === "sweep" ? "α" : "steps"} ≈ ${text(value, "", 2)}`;
  const truth = `${right ? "Right" : "Not quite"}: ${quiz.truth} ${quiz.reason}`;
  $("truth").textContent = asking ? "" : truth;
}
