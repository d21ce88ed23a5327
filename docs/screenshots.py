"""Takes the pictures of docs/images from a running `rap serve`: every page at 1280 and 390 pixels, and the dark one.

usage: python docs/screenshots.py [http://127.0.0.1:8000]   (needs playwright and chromium)
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

import httpx2
from playwright.sync_api import sync_playwright

FOLDER = Path(__file__).parent / "images"
BARS = """I keep a paper route of memories, delivered in a hurry
The neighbors and their enemies are living in a blurry
Photograph of Saturday, a pattern I can batter, say
A matter of the latter day, the clatter when the platters play"""


def main(base: str) -> None:
    """Write the pictures."""
    FOLDER.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"),
            args=["--no-sandbox", "--disable-background-networking", "--no-first-run"],
        )
        for width, height in ((1280, 900), (390, 844)):
            page = browser.new_page(viewport={"width": width, "height": height})
            for name, address in pages(base).items():
                page.goto(base + address)
                if name == "paste":
                    page.fill("textarea", BARS)
                    page.click("button:has-text('Hear it')")
                    page.wait_for_load_state()
                page.screenshot(path=FOLDER / f"{name}-{width}.png")
                if name == "track":
                    for part in ("emotion", "themes", "analyzers"):
                        page.locator(f"#{part}").screenshot(path=FOLDER / f"{part}-{width}.png")
                if name == "track" and width > height:
                    page.hover(".s >> nth=5")
                    page.wait_for_timeout(250)
                    page.screenshot(path=FOLDER / "track-one-chain.png")
        dark = browser.new_page(viewport={"width": 1280, "height": 900}, color_scheme="dark")
        dark.goto(base + pages(base)["track"])
        dark.screenshot(path=FOLDER / "track-dark.png")
        browser.close()


def pages(base: str) -> dict[str, str]:
    """Name of a picture to its page."""
    hits = ask(base, "/search?q=guillotine+etiquette&limit=10")["hits"]
    track = next((hit["track_id"] for hit in hits if hit["title"] == "Guillotine Etiquette"), hits[0]["track_id"])
    artist = ask(base, "/")["artists"][0]["id"]
    return {
        "home": "/",
        "search": "/search?q=growing+up+poor+but+proud",
        "track": f"/tracks/{track}",
        "similar": f"/tracks/{track}/similar",
        "artist": f"/artists/{artist}",
        "paste": "/analyze",
        "api": "/docs",
        "error": "/tracks/999999999",
    }


def ask(base: str, address: str) -> Any:
    """What the page answers to programs."""
    return httpx2.get(base + address).json()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000")
