from pathlib import Path

from descent.explorer.index import index as index_of
from descent.stage import Output, program

TEMPLATE = Path(__file__).parents[1] / "report/index.html"


def index(studies: dict, page: Output) -> str:
    """Make the page that links the pages, figures and tables of all studies.

    studies: what it says of each, {name: {"about": …, "figures": […], "tables": […]}}; their
    folders lie beside the page.
    """
    headlines = {
        name: (page.parent / name / "headline.txt").read_text(encoding="utf-8") for name in studies
    }
    text = index_of(studies, headlines, TEMPLATE.read_text(encoding="utf-8"))
    page.write_text(text, encoding="utf-8")
    return f"{len(studies)} studies"


if __name__ == "__main__":
    program(index)
