"""A file a figure.

A figure file gives

    draw(traces, summary)   a matplotlib Figure of the tables of a study
    NEEDS                   absent, or what a study must have: "classification" or "regression", an
                            "optimum" in closed form, a "plane" (A [1, 2] and no bias), iterates of
                            "every step", several "update rules"
    READS_ITERATES          absent, or True: draw also takes {(optimizer, step size): Iterates}, the
                            Data and the model of the study

Its docstring is the caption in the report, so it is written for the reader of the figure.
"""
