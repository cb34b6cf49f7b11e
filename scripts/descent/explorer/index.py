"""The page that links what is made of all studies, results/index.html."""

from collections.abc import Mapping
from html import escape


def index(studies: Mapping[str, Mapping], headlines: Mapping[str, str], template: str) -> str:
    """The page.

    studies: of each by its name `about`, model and dataset in words, and the names of its `figures`
    and `tables`; headlines: their texts; template: HTML with the place {studies}.
    """
    entries = [_entry(name, of_it, headlines[name]) for name, of_it in studies.items()]
    return template.replace("{studies}", "\n".join(entries))


def _entry(name: str, study: Mapping, headline: str) -> str:
    lines = [f"<li>{escape(line.removeprefix('- '))}</li>" for line in headline.splitlines()]
    figures = {
        figure.replace("_", " "): f"{name}/figures/{figure}.png" for figure in study["figures"]
    }
    tables = {table: f"{name}/{table}" for table in study["tables"]}
    page, picture = f"{name}/explorer.html", next(iter(figures.values()), None)
    return "\n".join(
        [
            f'<article id="{name}">',
            f'<h2><a href="{page}">{name}</a></h2>',
            f"<p>{escape(study['about'])}</p>",
            *([f'<a href="{page}"><img src="{picture}" alt=""></a>'] if picture else []),
            "<ul>",
            *lines,
            "</ul>",
            f"<p>Figures: {_links(figures)}</p>",
            f"<p>Tables: {_links(tables)}</p>",
            f"<p>Report: <code>make report STUDY={name}</code>.",
            f"Checksums: {_links({'SHA256SUMS': f'{name}/SHA256SUMS'})}</p>",
            "</article>",
        ]
    )


def _links(files: Mapping[str, str]) -> str:
    return ", ".join(f'<a href="{file}">{escape(text)}</a>' for text, file in files.items())
