"""Describe a study: its headline, and its summary as a page."""

import argparse
from pathlib import Path

from descent import tables
from descent.columns import SUMMARY
from descent.description import headline, page
from descent.files import checksum
from descent.provenance import here, record, recorded
from pipeline.command import job


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--summary", required=True, type=Path, help="summary.csv of the study")
    parser.add_argument("--tables", required=True, type=Path, help="its record, tables.json")
    parser.add_argument("--template", required=True, type=Path, help="HTML, with places to fill")
    parser.add_argument("--headline", required=True, type=Path, help="text file to write")
    parser.add_argument("--page", required=True, type=Path, help="HTML file to write")
    parser.add_argument("--record", required=True, type=Path, help="JSON file to write")
    parser.add_argument("--log", type=Path)
    arguments = parser.parse_args()

    outputs = arguments.headline, arguments.page, arguments.record
    with job(arguments.log, *outputs) as (_, headline_file, page_file, record_file):
        sums = recorded(arguments.tables)
        summary = tables.read(arguments.summary, SUMMARY, sums)
        headline_file.write_text(headline(summary), encoding="utf-8")
        template = arguments.template.read_text(encoding="utf-8")
        page_file.write_text(page(summary, template), encoding="utf-8")
        made = {arguments.headline: checksum(headline_file), arguments.page: checksum(page_file)}
        record(record_file, made | {arguments.summary: sums[here(arguments.summary)]})


if __name__ == "__main__":
    main()
