"""Templates, and who gets a page."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, select_autoescape
from markupsafe import Markup, escape
from starlette.responses import HTMLResponse

from rap_analyzer.domain.search import MARK_END, MARK_START
from rap_analyzer.domain.shown_text import shown

if TYPE_CHECKING:
    from starlette.requests import Request


def wants_page(request: Request) -> bool:
    """Whether the client's Accept names text/html, as browsers do."""
    return "text/html" in request.headers.get("accept", "")


def render_page(request: Request, template: str, values: dict[str, Any], status_code: int = 200) -> HTMLResponse:
    """A template as an answer."""
    html = _templates().get_template(template).render(request=request, **values)
    return HTMLResponse(html, status_code=status_code, headers={"Vary": "Accept"})


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=PackageLoader(__package__ or "", "templates"),
        autoescape=select_autoescape(default=True),
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    environment.filters |= {"thousands": _thousands, "marked": _marked, "figure": _figure, "role": _role}
    environment.globals["static"] = _static
    return environment


@cache
def _static(name: str) -> str:
    """The address of a static file, changed whenever the file is, so that browsers may keep it."""
    import hashlib

    content = resources.files(__package__).joinpath("static", name).read_bytes()
    return f"/static/{name}?v={hashlib.sha256(content).hexdigest()[:10]}"


def _thousands(number: float | None) -> str:
    return "–" if number is None else f"{number:,.0f}"


def _figure(number: Any) -> str:
    """A measure as people read it: two digits after the point where there are any."""
    if isinstance(number, bool) or not isinstance(number, int | float):
        return str(number)
    return f"{number:,}" if isinstance(number, int) else f"{number:,.2f}"


def _shown(value: Any) -> Any:
    """A text from outside may hold marks that turn the direction of the page around it."""
    return shown(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _marked(text: str) -> Markup:
    """Matching words in <mark>; everything else escaped."""
    safe = str(escape(shown(text))).replace(MARK_START, "<mark>").replace(MARK_END, "</mark>")
    return Markup(safe.replace("\n", "<br>"))  # noqa: S704  # escaped on the line above


def _role(kind: str) -> str:
    return kind.replace("_", " ")
