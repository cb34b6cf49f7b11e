"""A file a figure.

A figure file gives

    draw(traces, summary)   a matplotlib Figure of the tables of a study
    NEEDS                   what it needs of a study's runs: names of FACTS (descent/ability.py)

and, where they are not left out,

    PLACE                   its place among the figures of a study
    READS_ITERATES          True: draw also takes {(optimizer, step size): Iterates}, read when they
                            are asked for, the Data and the model of the study
    READS_THEORY            True: draw also takes what theory knows (descent/theory/known.py)
    SHOWS_CURVATURE         True: it is drawn where the curvature of paths is measured

Its docstring is the caption in the report, so it is written for the reader of the figure.
"""
