"""The columns of the tables, and the quantiles over seeds that tables and figures show."""

RUN = ["study", "dataset", "model", "optimizer", "step_size", "engine"]  # what names a run
TRACE = [*RUN, "seed", "step", "epoch", "objective", "train_loss", "test_loss"]
SUMMARY = [*RUN, "seeds", "final_objective_median", "status"]
QUANTILES = {"median": 0.5, "q10": 0.1, "q90": 0.9}
