"""The pages in a real browser: at desk and phone width, by pointer and keyboard, in the light and in the dark."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.slow]

WIDTHS = (1280, 390)
LEAST_CONTRAST = 4.5
"""WCAG 2.2, 1.4.3, for text of body size."""
BARS = "Counting out the pennies on the kitchen table\nFaith is all we had when we were barely able"
PAGES = ("home", "search", "hits", "track", "similar", "artist", "paste", "api", "error")

CONTRASTS = """() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (css) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = css;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = (top, below) => [0, 1, 2].map((n) => top[n] * top[3] + below[n] * (1 - top[3])).concat(1);
  const ground = (element) => {
    const layers = [];
    for (let e = element; e; e = e.parentElement) layers.push(rgba(getComputedStyle(e).backgroundColor));
    const canvasColour = matchMedia("(prefers-color-scheme: dark)").matches ? [18, 18, 18, 1] : [255, 255, 255, 1];
    return layers.reverse().reduce((below, top) => over(top, below), canvasColour);
  };
  const luminance = (colour) => {
    const [r, g, b] = colour.map((v) => (v /= 255, v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const found = [];
  for (const element of document.body.querySelectorAll("*")) {
    const text = [...element.childNodes].filter((n) => n.nodeType === 3).map((n) => n.data).join("").trim();
    if (!text || !element.checkVisibility() || element.closest("script, [aria-hidden=true], .skip")) continue;
    const below = ground(element);
    const [a, b] = [luminance(over(rgba(getComputedStyle(element).color), below)), luminance(below)];
    found.push([(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), element.tagName + "." + element.className, text]);
  }
  return found;
}"""


@pytest.fixture(scope="module")
def base(demo_data: Path, rap_environment: Callable[..., dict[str, str]]) -> Iterator[str]:
    """Address of `rap serve` on the finished demo."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with subprocess.Popen(
        [sys.executable, "-m", "rap_analyzer", "serve", "--port", str(port)], env=rap_environment(demo_data),
        cwd=demo_data, stdout=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        address = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + 30
        while not is_up(address):
            assert time.monotonic() < deadline
            assert process.poll() is None
            time.sleep(0.1)
        yield address
        process.terminate()


def is_up(address: str) -> bool:
    try:
        ask(address, "/ready")
    except OSError:
        return False
    return True


def ask(base: str, address: str) -> Any:
    """The JSON that it answers."""
    with urllib.request.urlopen(base + address, timeout=10) as answer:  # noqa: S310  # an address of this machine
        return json.load(answer)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("chromium is not installed: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        yield playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--disable-background-networking", "--no-first-run"]
        )


@pytest.fixture(scope="module")
def addresses(base: str) -> dict[str, str]:
    """Each kind of page."""
    track = ask(base, "/search?q=growing+up+poor+but+proud")["hits"][0]["track_id"]
    artist = ask(base, f"/tracks/{track}")["credits"]["primary"][0]["id"]
    return {
        "home": "/", "search": "/search", "hits": "/search?q=growing+up+poor+but+proud", "track": f"/tracks/{track}",
        "similar": f"/tracks/{track}/similar", "artist": f"/artists/{artist}", "paste": "/analyze", "api": "/docs",
        "error": "/tracks/999999999",
    }  # fmt: skip


@pytest.fixture
def opened(browser: Browser, base: str, addresses: dict[str, str]) -> Iterator[Callable[..., Page]]:
    """Opens a page; in the end nothing may have gone wrong on it, nor been asked of anybody else."""
    wrong: list[str] = []

    def open_page(name: str, width: int = 1280, **more: Any) -> Page:
        page: Page = context_of(width, **more).new_page()
        page.on(
            "console", lambda m: wrong.append(m.text) if m.type in {"error", "warning"} and name != "error" else None
        )
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", lambda r: None if r.url.startswith((base, "data:")) else wrong.append(f"asked {r.url}"))
        page.goto(base + addresses[name])
        return page

    contexts = []

    def context_of(width: int, **more: Any) -> Any:
        contexts.append(browser.new_context(viewport={"width": width, "height": 844}, **more))
        return contexts[-1]

    yield open_page
    for context in contexts:
        context.close()
    assert wrong == []


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_fits_its_window(opened: Callable[..., Page], name: str, width: int) -> None:
    """Nothing sticks out to the side, nothing is complained of in the console, and there is one main heading."""
    page = opened(name, width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator("h1").count() == 1
    assert page.locator("main").inner_text().strip()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_words_stand_out_from_their_ground(opened: Callable[..., Page], name: str, scheme: str) -> None:
    """At least 4.5 to 1, rhyming syllables included; the dark pages are dark."""
    page = opened(name, color_scheme=scheme)
    faint = [(round(c, 2), where, text[:40]) for c, where, text in page.evaluate(CONTRASTS) if c < LEAST_CONTRAST]
    assert faint == []
    ground = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    red = float(re.findall(r"[\d.]+", ground)[0])
    assert red < 60 if scheme == "dark" else red > 200, ground


def isolated(page: Page) -> list[str]:
    """Chains of the syllables that stand out alone; empty when none is isolated."""
    if not page.locator(".lyrics.alone").count():
        return []
    return [str(chains) for chains in page.locator(".s.on").evaluate_all("all => all.map((s) => s.dataset.c)")]


def test_pointing_at_a_syllable_isolates_its_chain(opened: Callable[..., Page]) -> None:
    """All of the chain and nothing else, and a sentence that describes it; elsewhere it is let go."""
    page = opened("track")
    syllable = page.locator(".s").nth(5)
    wanted = set(str(syllable.get_attribute("data-c")).split())
    rest = page.locator("#chain-note").inner_text()
    syllable.hover()
    alone = isolated(page)
    everything = page.locator(".s").evaluate_all("all => all.map((s) => s.dataset.c)")
    assert alone == [chains for chains in everything if wanted & set(chains.split())]
    assert 2 <= len(alone) < len(everything)
    assert "syllable" in page.locator("#chain-note").inner_text()
    page.locator("h1").hover()
    assert isolated(page) == []
    assert page.locator("#chain-note").inner_text() == rest


def test_a_click_pins_a_chain_until_the_next(opened: Callable[..., Page]) -> None:
    """As a touch does, where nothing hovers."""
    page = opened("track")
    page.locator(".s").first.click()
    page.locator("h1").hover()
    assert isolated(page)
    page.locator("#lyrics li .letter").first.click(force=True)
    page.locator("h1").hover()
    assert isolated(page) == []


def test_the_keyboard_goes_from_syllable_to_syllable(opened: Callable[..., Page]) -> None:
    """Arrow keys move and isolate; Escape lets go, and the focus stays where it was."""
    page = opened("track")
    page.locator("#lyrics").focus()
    page.keyboard.press("ArrowRight")
    assert page.locator(".s").first.evaluate("s => s.classList.contains('here')")
    first = isolated(page)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    assert page.locator(".s").nth(1).evaluate("s => s.classList.contains('here')")
    assert first
    page.keyboard.press("Escape")
    assert isolated(page) == []
    assert page.locator(".s.here").count() == 0
    page.keyboard.press("ArrowLeft")
    assert page.locator(".s").last.evaluate("s => s.classList.contains('here')"), "backwards from nowhere: the last"


def test_ones_own_bars_are_heard(opened: Callable[..., Page]) -> None:
    """Typed into the form, they come back with their rhymes in colour and their figures."""
    page = opened("paste", 390)
    page.fill("textarea", BARS)
    page.click("form.paste button")
    page.wait_for_selector("#lyrics")
    rhyming = page.locator(".s").all_inner_texts()
    assert {"table", "able"} <= set(rhyming)
    assert "%" in page.locator(".figures").inner_text()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.locator(".s").first.hover()
    assert isolated(page)


def test_a_search_is_typed_and_followed(opened: Callable[..., Page]) -> None:
    """From home by the field at the top to the hits, and on to the bar that answers."""
    page = opened("home")
    page.locator("input[type=search]").first.fill("growing up poor but proud")
    page.keyboard.press("Enter")
    page.wait_for_selector(".hits")
    page.locator(".hits h2 a").first.click()
    page.wait_for_selector(":target")
    assert "#bar-" in page.url
    assert page.locator(":target").count() == 1


@pytest.mark.parametrize("width", WIDTHS)
def test_a_column_of_the_emotions_leads_to_its_bar(opened: Callable[..., Page], width: int) -> None:
    """Without any script of ours: the picture is there at any width, and a click goes to the bar."""
    page = opened("track", width, java_script_enabled=False)
    rows = page.locator(".arc-rows svg:not(.spots)")
    assert rows.count() == 7
    for box in (rows.nth(n).bounding_box() for n in range(7)):
        assert box
        assert box["width"] > width / 2
        assert box["height"] > 20
    spots = page.locator(".spots a")
    wanted = spots.nth(3).get_attribute("href")
    assert "Bar " in (spots.nth(3).locator("title").text_content() or "")
    spots.nth(3).click()
    assert page.url.endswith(str(wanted))
    assert page.locator(str(wanted)).is_visible()


def test_the_columns_lie_over_the_rows(opened: Callable[..., Page]) -> None:
    """What one points at is the column that one sees."""
    page = opened("track")
    over, first, last = (
        page.locator(f".arc-rows svg{which}").bounding_box() for which in (".spots", ":nth-child(2)", ".derived")
    )
    assert over
    assert first
    assert last
    assert (over["x"], over["width"]) == (first["x"], first["width"])
    assert over["y"] == first["y"]
    assert abs(over["y"] + over["height"] - last["y"] - last["height"]) < 2


def test_the_verdicts_are_reached_from_the_top_and_open_by_keyboard(opened: Callable[..., Page]) -> None:
    """Links at the top, tables behind summaries."""
    page = opened("track", 390)
    page.locator(".jump a").nth(2).click()
    assert page.url.endswith("#analyzers")
    summary = page.locator("#emotion summary")
    summary.focus()
    page.keyboard.press("Enter")
    assert page.locator("table.emotions").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
