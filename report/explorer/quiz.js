// The quiz: a question about the study, an answer on a plot, then the result and its reason.

import { down, path } from "plot";
import { optimizers, runs, study, text } from "study";

const $ = (id) => document.getElementById(id);

/** The state of the page that asks the question after this one, whose answer may be right. */
export function ask({ number: last = -1, score: before = 0, revealed } = {}, right) {
  const number = (last + 1) % study.questions.length;
  const score = number && before + (revealed && right ? 1 : 0); // right answers so far
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

/** Show a question, its answer, and, if revealed, the result and the score.

 The answer is a share of the x axis of a plot. Returns whether it is right. */
export function showQuiz(quiz, plots) {
  const asking = quiz && !quiz.revealed;
  document.body.className = quiz ? `quiz ${asking ? `asking asking-${quiz.plot}` : ""}` : "";
  $("quiz").hidden = !quiz;
  if (!quiz) return false;
  const { x, frame } = plots[quiz.plot], at = x.from + quiz.answer * (x.to - x.from);
  const value = x.value(at), right = value >= quiz.low && value <= quiz.high;
  const number = quiz.number + 1, count = study.questions.length, last = number === count;
  $(quiz.plot).insertAdjacentHTML("beforeend", path("answer", down(at, frame)));
  $("question").textContent = `${number} of ${count}: ${quiz.text}`;
  $("answer").value = quiz.answer;
  $("answered").textContent = `${quiz.plot === "sweep" ? "α" : "steps"} ≈ ${text(value, "", 2)}`;
  const truth = `${right ? "Right." : "Not quite."} ${quiz.truth} ${quiz.reason}`;
  const score = `${last ? "Final score" : "Score"}: ${quiz.score + right} of ${number}.`;
  $("truth").textContent = asking ? "" : `${truth} ${score}`;
  $("next").textContent = last ? "Start again" : "Next question";
  return right;
}
