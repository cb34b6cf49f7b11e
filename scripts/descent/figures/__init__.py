"""A file a figure.

A figure file gives draw(traces, summary), which returns a matplotlib Figure from the tables of a
study. Its docstring is the caption in the report, so it is written for the reader of the figure.
"""
