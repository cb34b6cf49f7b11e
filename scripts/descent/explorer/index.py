"""Page that links all studies, results/index.html."""

from collections.abc import Mapping
from html import escape


def index(studies: Mapping[str, Mapping], headlines: Mapping[str, str], template: str) -> str:
    """Return the page as HTML.

    studies: by name, the `question`, `about` (model and dataset), and the names of `figures` and
    `tables`; headlines: by name; template: HTML with the placeholder {studies}
    """
    entries = [_entry(name, study, headlines[name]) for name, study in studies.items()]
    return template.replace("{studies}", "\n".join(entries))


def _entry(name: str, study: Mapping, headline: str) -> str:
    lines = [f"<li>{escape(line.removeprefix('- '))}</li>" for line in headline.splitlines()]
    figures = {
        figure.replace("_", " "): f"{name}/figures/{figure}.png" for figure in study["figures"]
    }
    files = {file: f"{name}/{file}" for file in (*study["tables"], "SHA256SUMS")}
    page, sweep = f"{name}/explorer.html", next(iter(figures.values()), "")
    return f"""\
<article id="{name}">
<a href="{page}"><img src="{sweep}" alt=""></a>
<h2><a href="{page}">{name}</a></h2>
<p>{escape(study["question"])}</p>
<ul>{"".join(lines)}</ul>
<p class="note">{escape(study["about"])}. Figures: {_links(figures)}. Files: {_links(files)}.</p>
</article>"""


def _links(files: Mapping[str, str]) -> str:
    return ", ".join(f'<a href="{file}">{escape(text)}</a>' for text, file in files.items())
