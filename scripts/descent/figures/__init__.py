"""A file a figure.

A figure file gives

    draw(traces, summary)   a matplotlib Figure of the tables of a study
    NEEDS                   what it needs of a study's runs: names of FACTS (descent/ability.py)
    READS_ITERATES          absent, or True: draw also takes {(optimizer, step size): Iterates},
                            read when they are asked for, the Data and the model of the study

Its docstring is the caption in the report, so it is written for the reader of the figure.
"""
