from itertools import islice
from pathlib import Path

from descent.explorer.index import index as index_of
from descent.stage import Output, program

TEMPLATE = Path(__file__).parents[1] / "report/index.html"


def index(studies: dict, page: Output) -> str:
    """Write the index page, which links the pages, figures and tables of all studies.

    studies: {name: {"question": …, "about": …, "figures": […], "tables": […]}}; the folders of
    the studies are in the folder of the page.
    """
    headlines = {}
    for name, study in studies.items():
        folder = page.parent / name
        headlines[name] = (folder / "headline.txt").read_text(encoding="utf-8")
        study["tables"] = [table for table in study["tables"] if _has_rows(folder / table)]
    text = index_of(studies, headlines, TEMPLATE.read_text(encoding="utf-8"))
    page.write_text(text, encoding="utf-8")
    return f"{len(studies)} studies"


def _has_rows(table: Path) -> bool:
    """Whether a table has rows below its header."""
    with table.open(encoding="utf-8") as lines:
        return len(list(islice(lines, 2))) > 1


if __name__ == "__main__":
    program(index)
