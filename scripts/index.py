"""Make the page that links the pages, figures, tables and reports of all studies."""

import argparse
import json
from pathlib import Path

from descent import provenance
from descent.explorer.index import index
from descent.provenance import recorded
from pipeline.command import job


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--studies", required=True, type=json.loads, help="what is said of each, as JSON"
    )
    parser.add_argument("--template", required=True, type=Path, help="HTML, with a place to fill")
    parser.add_argument("--page", required=True, type=Path, help="HTML file to write")
    parser.add_argument("--log", type=Path)
    arguments = parser.parse_args()

    with job(arguments.log, arguments.page) as (note, page_file):
        folder = arguments.page.parent
        headlines = {name: _headline(folder / name) for name in arguments.studies}
        template = arguments.template.read_text(encoding="utf-8")
        page_file.write_text(index(arguments.studies, headlines, template), encoding="utf-8")
        note(f"{len(headlines)} studies")


def _headline(folder: Path) -> str:
    """What describe.py wrote of a study, by its record."""
    sums = recorded(folder / "description.json")
    return provenance.read(folder / "headline.txt", sums).decode()


if __name__ == "__main__":
    main()
