// Predict, then reveal: a question about the study, an answer on a plot, then what happened and why.

import { down, path } from "plot";
import { text } from "study";

const $ = (id) => document.getElementById(id);

/** Ask a question: the state in which the page does that. */
export function ask(study, number) {
  const { questions, runs, optimizers } = study, question = questions[number], { plot } = question;
  const { name, stepSize } = runs[question.run], { optimizer } = question;
  const only = optimizers.map((other) => [`show-${other.name}`, other.name === optimizer]);
  const shown = plot === "sweep"
    ? { at: "end", metric: question.metric }
    : { part: "all", x: "step", curve: question.metric };
  $("question").textContent = `${number + 1} of ${questions.length}: ${question.text}`;
  return {
    ...Object.fromEntries(only),
    ...shown,
    optimizer,
    alpha: stepSize,
    chosen: name,
    quiz: { ...question, number, answer: 0.5, revealed: false },
  };
}

/** Show the answer, a share of the axis of a plot, and what is said of it. */
export function showAnswer(quiz, plots) {
  const asking = quiz && !quiz.revealed;
  document.body.className = quiz ? `quiz ${asking ? `asking asking-${quiz.plot}` : ""}` : "";
  $("quiz").hidden = !quiz;
  if (!quiz) return;
  const { x, frame } = plots[quiz.plot],
    at = x.from + quiz.answer * (x.to - x.from),
    value = x.value(at);
  $(quiz.plot).insertAdjacentHTML("beforeend", path("answer", down(at, frame)));
  const right = value >= quiz.low && value <= quiz.high ? "Right" : "Not quite";
  $("answer").value = quiz.answer;
  $("answered").textContent = `${quiz.plot === "sweep" ? "α" : "steps"} ≈ ${text(value, "", 2)}`;
  $("truth").textContent = quiz.revealed ? `${right}: ${quiz.truth} ${quiz.reason}` : "";
}
