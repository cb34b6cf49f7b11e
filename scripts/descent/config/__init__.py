"""The configuration of studies and the plan of a call, known to the Snakefile alone.

schema     the keys of config.yaml, as pydantic models
messages   the mistakes that pydantic finds, a line each
checks     what the models cannot know: the size of the data, what engines and figures need
plan       studies and runs as the rules make them, with their files
code       which code a rule depends on, as digests
console    what a call of Snakemake prints
reference  docs/configuration.md and config.schema.json, made from the schema
"""
