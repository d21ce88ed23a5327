"""Files of songs as people have them, of any encoding, delimiter and quoting, with junk. A seed gives one file."""

from __future__ import annotations

import gzip
import random
from dataclasses import dataclass, field

VOCABULARY: dict[str, str] = {
    "ascii": "kites wire tired night shift hired city fire river boat penny pocket coat winter flower",
    "cp1252": "Straße müde Töne grüne Bäume schöne Häuser Brötchen süß über später hören fühlen Küche Tür König",
    "french": "été forêt fenêtre déjà garçon rêve lumière étoile où français hôtel très après première café août",
    "cp1250": "zażółć gęślą jaźń łódź płynie ciemność więc idę śnieg myślę tobie świat dźwięk później ścieżka noc",
    "cp1251": "ночь улица дорога свет окно город песня голос сердце ветер огонь вода слово время дождь мечта дом",
    "koi8-r": "ночь улица дорога свет окно город песня голос сердце ветер огонь вода слово время дождь мечта дом",
    "shift_jis": "夜の 街を 歩いて いる 窓の 光が 消えて いく 僕は 一人で 歌う また 朝が 来る リズムに",
    "gb18030": "夜晚的 城市 我一个人 走过 窗户的 灯光 慢慢 消失了 我唱着 你的 歌 在这里 没有人 知道",
    "euc-kr": "밤의 거리를 혼자 걷고 있어 창문의 불빛이 사라지고 나는 노래해 다시 아침이 오면 그리고 너의 이름을",
}
"""Words by the encoding that they are written in; `ascii` and `french` also in UTF-8 and its kin."""
SPELT = {"ascii": ("utf-8", "cp1252", "utf-16"), "french": ("utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le")}
QUOTING = ("all", "minimal", "backslash", "undoubled", "none")
JUNK = (
    *("head", "embed", "also", "br", "entities", "blank_lines", "trailing", "nul", "repeated", "short_row", "long_row"),
    *("unclosed", "cut_off", "separator_line", "crlf", "lone_brackets", "quotes", "nan"),
)


@dataclass
class DirtyFile:
    """A file, and what is in it.

    Attributes:
        name: of the file.
        raw: its bytes.
        words: title to the words that a whole import stores.
        lines: title to the line on which the song begins, from 1.
        recipe: what it was made of.
    """

    name: str
    raw: bytes
    words: dict[str, str]
    lines: dict[str, int] = field(default_factory=dict)
    recipe: str = ""


class _Writer:
    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        choose = self.random.choice
        self.vocabulary = choose(list(VOCABULARY))
        self.encoding = choose(SPELT.get(self.vocabulary, (self.vocabulary, "utf-8")))
        self.delimiter = choose(",;\t|")
        self.quoting = choose(QUOTING)
        self.junk = set(self.random.sample(JUNK, self.random.randrange(5)))
        self.lines: list[str] = []
        self.words: dict[str, str] = {}
        self.starts: dict[str, int] = {}
        self.seed = seed

    def write(self) -> DirtyFile:
        if "separator_line" in self.junk:
            self.lines.append(f"sep={self.delimiter}")
        self.lines.append(self.row(["title", "artist", "lyrics"]))
        for number in range(self.random.randrange(4, 9)):
            self.add_song(number)
        end = "\r\n" if "crlf" in self.junk else "\n"
        text = end.join(self.lines) + end
        if "cut_off" in self.junk and text.rstrip().endswith('"'):  # where words stand in no quotes, nobody can tell
            text = text[: -self.random.randrange(2, 12)]
        raw = text.encode(self.encoding, "replace")
        if "nul" in self.junk and not self.encoding.startswith("utf-16"):
            raw = raw.replace(b"w", b"w\0")
        name = f"dirty-{self.seed}.csv"
        if self.random.random() < 0.15:
            name, raw = f"{name}.gz", gzip.compress(raw)
        recipe = f"{self.vocabulary} {self.encoding} {self.delimiter!r} {self.quoting} {sorted(self.junk)}"
        return DirtyFile(name, raw, self.words, self.starts, recipe)

    def add_song(self, number: int) -> None:
        choose = self.random.choice
        pool = VOCABULARY[self.vocabulary].split()
        title = f"Song {self.seed} {number}"
        bars = [" ".join(choose(pool) for _ in range(5)) + choose(("", ", yeah", ", oh, yeah", "!")) for _ in range(4)]
        if "quotes" in self.junk:
            bars[1] = f'she said "{choose(pool)}" and left'
        bars[0] = f"{bars[0]} {self.seed}x{number}"
        words = "\n".join(bars)
        self.words[title] = words
        self.starts[title] = self.line()
        row = self.row([title, "Marlow", self.dirtied(words, title)])
        self.lines += row.split("\n")
        if "repeated" in self.junk and number == 1:
            self.lines += row.split("\n")
        self.add_junk(number)

    def add_junk(self, number: int) -> None:
        if "blank_lines" in self.junk:
            self.lines += ["", ""]
        if "trailing" in self.junk:
            self.lines.append(self.delimiter * 2)
        if "nan" in self.junk and number == 0:
            self.lines.append(self.row(["nan", "Marlow", "NaN"]))
        if "short_row" in self.junk and number == 1:
            self.lines.append(self.row(["Short", "Marlow"]))
        if "long_row" in self.junk and number == 1:
            self.lines.append(self.row(["Long", "Marlow", "a", "b", "c"]))
        if "unclosed" in self.junk and number == 2:
            title = f"Open {self.seed}"
            self.words[title], self.starts[title] = "half of a song\nand its end", self.line()
            self.lines += [f'{title}{self.delimiter}Marlow{self.delimiter}"half of a song', "and its end"]

    def line(self) -> int:
        return len(self.lines) + 1

    def dirtied(self, words: str, title: str) -> str:
        if "br" in self.junk:
            words = words.replace("\n", "<br>")
        if "lone_brackets" in self.junk:
            words += "\n[]"
        if "entities" in self.junk:
            words = words.replace(",", "&#44;")
        if "also" in self.junk:
            words += "\nYou might also like"
        if "embed" in self.junk:
            words += "7Embed"
        return f"12 Contributors{title} Lyrics{words}" if "head" in self.junk else words

    def row(self, fields: list[str]) -> str:
        return self.delimiter.join(map(self.quoted, fields))

    def quoted(self, text: str) -> str:
        needs = any(sign in text for sign in (self.delimiter, '"', "\n"))
        if self.quoting == "none" or (self.quoting == "minimal" and not needs):
            return text
        inner = {"backslash": text.replace('"', '\\"'), "undoubled": text}.get(self.quoting, text.replace('"', '""'))
        return f'"{inner}"'


def dirty_file(seed: int) -> DirtyFile:
    """The file of a seed."""
    return _Writer(seed).write()
