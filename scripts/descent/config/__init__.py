"""Configuration and planning; only the Snakefile imports this package.

schema     keys of config.yaml, as pydantic models
messages   error messages for the mistakes that pydantic finds, one line each
checks     further checks, against the data and the requirements of engines and figures
plan       studies and runs as the rules need them, with their files
code       digests of the code that each rule depends on
console    output of a Snakemake call
reference  generates docs/configuration.md and config.schema.json from the schema
"""
