"""What Snakemake's report says of the studies and figures."""

from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from descent.ability import given
from descent.constants import caption
from pipeline.plan import PlannedStudy


def place(figure: str) -> str:
    """The name of a figure, behind its place among the figures."""
    return f"{given('figures', figure).PLACE:02} {figure.replace('_', ' ')}"


def texts(configured: Mapping[str, Any], studies: Mapping[str, PlannedStudy]) -> dict[str, Any]:
    """What the templates in report/ call, when there is a report: for figures their captions, and
    for studies what their pages show.

    configured: the studies as config.yaml has them.
    """

    def study(name: str) -> dict[str, str]:
        headline, _ = studies[name].descriptions()
        return {
            "headline": headline,
            "figure": next(iter(studies[name].figure_files(["png"])), ""),
            "configuration": yaml.safe_dump(
                configured[name], sort_keys=False, default_flow_style=None, width=90
            ),
        }

    return {"caption": caption, "study": study, "embedded": embedded}


def embedded(image: str) -> str:
    """A PNG file as a data URI, in lines as short as docutils takes them."""
    uri = f"data:image/png;base64,{b64encode(Path(image).read_bytes()).decode()}"
    return "\n   ".join(uri[start : start + 5000] for start in range(0, len(uri), 5000))
