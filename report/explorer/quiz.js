// The quiz: a question about the study, an answer on a plot, then the result and its reason.

import { down, path } from "plot";
import { optimizers, runs, study, text } from "study";

const $ = (id) => document.getElementById(id);

/** The state of the page that asks a question; score: the number of right answers so far. */
export function ask(number, score) {
  const { plot, metric, optimizer, run, ...question } = study.questions[number];
  const only = optimizers.map(({ name }) => [`show-${name}`, name === optimizer]);
  const sweep = { at: "end", metric }, curves = { part: "all", x: "step", curve: metric };
  return {
    ...Object.fromEntries(only),
    ...(plot === "sweep" ? sweep : curves),
    ...{ optimizer, alpha: runs[run].stepSize, chosen: runs[run].name },
    quiz: { ...question, plot, number, score, answer: 0.5, revealed: false },
  };
}

/** The value of an answer, which is a share of the x axis of its plot, and its place in pixels. */
function valueOf({ plot, answer }, plots) {
  const { x } = plots[plot], at = x.from + answer * (x.to - x.from);
  return { at, value: x.value(at) };
}

/** The quiz with its answer revealed and counted. */
export function reveal(quiz, plots) {
  const { value } = valueOf(quiz, plots), right = value >= quiz.low && value <= quiz.high;
  return quiz.revealed ? quiz : { ...quiz, right, score: quiz.score + right, revealed: true };
}

/** Show a question, its answer, and, if revealed, the result and the score. */
export function showQuiz(quiz, plots) {
  const asking = quiz && !quiz.revealed;
  document.body.className = quiz ? `quiz ${asking ? `asking asking-${quiz.plot}` : ""}` : "";
  $("quiz").hidden = !quiz;
  if (!quiz) return;
  const { at, value } = valueOf(quiz, plots), count = study.questions.length;
  const number = quiz.number + 1, last = number === count;
  $(quiz.plot).insertAdjacentHTML("beforeend", path("answer", down(at, plots[quiz.plot].frame)));
  $("question").textContent = `${number} of ${count}: ${quiz.text}`;
  $("answer").value = quiz.answer;
  $("answered").textContent = `${quiz.plot === "sweep" ? "α" : "steps"} ≈ ${text(value, "", 2)}`;
  const truth = `${quiz.right ? "Right." : "Not quite."} ${quiz.truth} ${quiz.reason}`;
  const score = `${last ? "Final score" : "Score"}: ${quiz.score} of ${number}.`;
  $("truth").textContent = asking ? "" : `${truth} ${score}`;
  $("next").textContent = last ? "Start again" : "Next question";
}
