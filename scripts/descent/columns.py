"""The columns of the tables, and the quantiles over seeds that the summary has."""

# what names a run
RUN = ["study", "dataset", "model", "optimizer", "step_size", "engine", "batch_size"]
TRACE = [*RUN, "seed", "step", "epoch", "objective", "train_loss", "test_loss", "gradient_norm"]
SUMMARY = [*RUN, "seeds", "final_objective_median", "gap", "status"]
SHARES = {"median": 0.5, "q10": 0.1, "q90": 0.9, "min": 0.0, "max": 1.0}
