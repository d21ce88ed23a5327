"""The pages in a real browser."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.browser

WIDTHS = {1280: 900, 390: 844}
ARGUMENTS = ["--no-sandbox", "--disable-background-networking", "--no-first-run", "--disable-component-update"]
CONTRAST = """
() => {
  const light = (c) => {
    const channels = c.match(/[\\d.]+/g).slice(0, 3).map((v) => v / 255);
    const [r, g, b] = channels.map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const paper = light(getComputedStyle(document.documentElement).backgroundColor);
  const texts = [...document.querySelectorAll("p, h1, h2, h3, td, th, dt, dd, li, .by")];
  return texts.filter((e) => e.innerText.trim()).map((e) => {
    const ink = light(getComputedStyle(e).color);
    return (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
  });
}
"""


@pytest.fixture(scope="module")
def site(
    demo_data: Path, rap_environment: Callable[..., dict[str, str]], free_port: Callable[[], int]
) -> Iterator[str]:
    """A running `rap serve` on the demo corpus."""
    port = free_port()
    command = [sys.executable, "-m", "rap_analyzer", "serve", "--port", str(port)]
    with subprocess.Popen(command, env=rap_environment(demo_data), stdout=subprocess.DEVNULL) as server:
        address = f"http://127.0.0.1:{port}"
        for _ in range(200):
            try:
                if httpx2.get(f"{address}/ready").status_code == 200:
                    break
            except httpx2.TransportError:
                time.sleep(0.1)
        yield address
        server.terminate()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium, as Debian ships it."""
    chromium = shutil.which("chromium")
    if chromium is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("chromium is not installed")
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield running
        running.close()


def ask(site: str, address: str) -> Any:
    return httpx2.get(site + address).json()


@pytest.fixture(scope="module")
def track(site: str) -> str:
    """The page of a track with many rhymes."""
    return f"/tracks/{ask(site, '/')['densest'][0]['id']}"


@pytest.fixture(params=WIDTHS)
def page(browser: Any, request: pytest.FixtureRequest) -> Iterator[Any]:
    """A page that notes what goes wrong on it, at each width."""
    opened = browser.new_page(viewport={"width": request.param, "height": WIDTHS[request.param]})
    opened.problems = []
    opened.on("console", lambda message: opened.problems.append(message.text) if message.type == "error" else None)
    opened.on("pageerror", lambda error: opened.problems.append(str(error)))
    opened.on("request", lambda sent: opened.problems.append(sent.url) if "127.0.0.1" not in sent.url else None)
    yield opened
    opened.close()


def test_every_page_fits_and_runs_clean(page: Any, site: str, track: str) -> None:
    """No sideways scrolling, no script error, nothing loaded from elsewhere, text that can be read."""
    artist = ask(site, "/")["artists"][0]["id"]
    for address in (
        "/",
        "/search",
        "/search?q=growing+up+poor+but+proud",
        track,
        f"{track}/similar",
        f"/artists/{artist}",
        "/analyze",
        "/docs",
    ):
        page.goto(site + address)
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, address
        assert min(page.evaluate(CONTRAST)) >= 4.5, address
    assert page.problems == []


def test_pointing_at_a_syllable_hears_its_chain_alone(page: Any, site: str, track: str) -> None:
    """Its chain lights up and is described; leaving shows all again."""
    page.goto(site + track)
    page.hover(".s >> nth=3")
    chain = page.get_attribute(".s >> nth=3", "data-c").split()[0]
    lit = page.eval_on_selector_all(".s.on", "all => all.map(e => e.dataset.c)")
    assert len(lit) > 1
    assert all(chain in other.split() for other in lit)
    assert "confidence" in page.inner_text("#chain-note")
    page.hover("h1")
    assert page.locator(".s.on").count() == 0


def test_the_arrow_keys_walk_the_rhymes(page: Any, site: str, track: str) -> None:
    """Right, left, and Escape to leave, without a mouse."""
    page.goto(site + track)
    page.focus("#lyrics")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    second = page.eval_on_selector(".s.here", "e => [...document.querySelectorAll('.s')].indexOf(e)")
    page.keyboard.press("ArrowLeft")
    first = page.eval_on_selector(".s.here", "e => [...document.querySelectorAll('.s')].indexOf(e)")
    assert (first, second) == (0, 1)
    page.keyboard.press("Escape")
    assert page.locator(".s.here, .s.on").count() == 0


def test_your_own_bars_are_heard(page: Any, site: str) -> None:
    """The form shows the bars again, in colour, with the figures; an odd text gets a sentence."""
    page.goto(f"{site}/analyze")
    page.fill("textarea", "the kettle on the middle of the metal stove\nsettled little, like a pedal drove")
    page.click("button:has-text('Hear it')")
    page.wait_for_selector(".figures")
    assert page.locator(".s").count() >= 4
    page.fill("textarea", "🎤🎤")
    page.click("button:has-text('Hear it')")
    page.wait_for_load_state()
    assert page.locator(".figures").count() == 0
    assert page.locator(".notice, .aside").first.inner_text()


def test_dark_and_light_are_both_there(browser: Any, site: str, track: str) -> None:
    """The page follows the system's scheme, and stays readable."""
    papers = set()
    for scheme in ("dark", "light"):
        page = browser.new_page(color_scheme=scheme)
        page.goto(site + track)
        papers.add(page.evaluate("getComputedStyle(document.documentElement).backgroundColor"))
        assert min(page.evaluate(CONTRAST)) >= 4.5
        page.close()
    assert len(papers) == 2
