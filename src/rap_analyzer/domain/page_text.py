"""What a lyrics page says around the words of a song, where it has run into them: taken off, whatever way it came."""

from __future__ import annotations

import re

from rap_analyzer.domain.transcription import clean_transcription

HEAD_CHARACTERS = 6000
"""What stands before the words is no longer than this."""
CONTRIBUTORS = re.compile(r"\A\s*\d[\d.,]*K? ?Contributors?", re.IGNORECASE)
HEAD_END = re.compile(r"\A[^\n]{0,400}?Lyrics(?=[\n\[“\"]|\Z)|\A[^\n]{0,400}?Lyrics")
TITLE_HEAD = re.compile(r"\A\s*([^\n\[\]]{1,200}?) Lyrics(?:\s*\n\s*|(?=\[)|\Z|(?=[A-Z“\"]))")
UNTITLED_HEAD = re.compile(r"\A[^\n\[\]]{1,200}? Lyrics(?=\[)")
BIO = re.compile(r"\A(?:[^\[\]]{0,4000}?|.{0,4000}?(?:…|\.\.\.)\s?)Read More[ \u00a0]*\n?", re.DOTALL)
READ_MORE_LINE = re.compile(r"^\s*Read More[ \u00a0]*$", re.MULTILINE)
ALSO_LIKE = re.compile(r"(?:^|(?<=\S))You might also like(?=\s*\[|\s*\Z|[^\s,.!?;:'’a-z-])", re.MULTILINE)
TICKETS = re.compile(r"See (?:(?!See )[^\n]){1,120}? Live\s?Get tickets as low as [$€£]?\s?\d[\d.,]*")
END = re.compile(r"(?P<count>\d[\d.,]*[KM]?)?Embed(?:Share ?URL\s?Copy\s?Embed\s?Copy)?\s*\Z")
SHORTEST_PART = 4
"""Letters of a title that are known again behind an artist's name."""
YEAR = re.compile(r"(?:19|20)\d\d")
NUMBER_END = re.compile(r"(?<![\d.,])(\d{1,6})[^\w\n]*\Z")
BROKEN_HEADER = re.compile(r"^\[([^\[\]\n]{0,120}(?:\n[^\[\]\n]{1,120}){1,5}\n?)\]", re.MULTILINE)
BRACKETS_ONLY = re.compile(r"\n[\[\](){}][ \t\[\](){}]*(?=\n)")


def song_words(text: str, title: str = "") -> str:
    """The words of a song, cleaned, whatever way they came: from a page or from a file.

    Args:
        text: the words with line breaks, and with what may have run into them.
        title: the song's title, if it is known.
    """
    cleaned = clean_transcription(text)
    bare = without_page_text(cleaned, title)
    return cleaned if bare == cleaned else clean_transcription(bare)


def without_page_text(text: str, title: str = "") -> str:
    """The words without what the page says around them.

    - At the start: "27 Contributors…Title Lyrics", "Title Lyrics" where that is the song's title, and what is told of
      the song up to "Read More".
    - In between: "You might also like" before a header or at the end, or run into a word; offers of tickets.
    - At the end: "Embed" with what belongs to it. Digits before it are the number of those who liked the song, so they
      go, except a year that stands apart (`in 1999Embed`), digits after an apostrophe (`'99Embed`), and a number that
      another line of the song ends with too. Of digits that begin with such a year or number, the rest goes.
    - Lines of nothing but brackets; a header that was broken over lines is put together.

    Args:
        text: the words, with line breaks.
        title: the song's title, if it is known.
    """
    text = _without_head(text, title)
    if "You might" in text:
        text = ALSO_LIKE.sub("", TICKETS.sub("", text))
    elif "Get tickets" in text:
        text = TICKETS.sub("", text)
    if "Read More" in text:
        text = READ_MORE_LINE.sub("", text)
    if "Embed" in text[-60:]:
        text = _without_end(text)
    return _with_whole_headers(text)


def _without_head(text: str, title: str) -> str:
    head = text[:HEAD_CHARACTERS]
    if "Lyrics" not in head and "Read More" not in head:
        return text
    end = _head_end(head, title)
    bio = BIO.match(head[end:]) if "Read More" in head else None
    return text[end + bio.end() :] if bio else text[end:]


def _head_end(head: str, title: str) -> int:
    """Where the head ends that begins a text; 0 when there is none."""
    contributors = CONTRIBUTORS.match(head)
    if contributors:
        named = re.compile(rf"{_blind(title)} ?Lyrics", re.IGNORECASE) if title else None
        found = named.search(head, contributors.end(), contributors.end() + 1000) if named else None
        if found:
            return found.end()
        rest = HEAD_END.match(head[contributors.end() :])
        return contributors.end() + rest.end() if rest else 0
    found = TITLE_HEAD.match(head)
    if found and title and _names(found[1], title):
        return found.end()
    untitled = UNTITLED_HEAD.match(head)
    return untitled.end() if untitled else 0


def _blind(title: str) -> str:
    """A pattern for a title, blind to spaces and apostrophes."""
    return r"\s+".join(re.escape(word).replace("’", "['’]").replace("'", "['’]") for word in title.split())


def _names(line: str, title: str) -> bool:
    """Whether a line is the title, with or without what stands in its brackets; an artist may stand before either."""
    said, meant = _letters(line), _letters(title)
    bare = _letters(re.sub(r"[(\[].*?[)\]]", "", title))
    if said in (meant, bare):
        return bool(said)
    return min(len(said), len(meant)) >= SHORTEST_PART and (said.endswith(meant) or meant.endswith(said))


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text.casefold()))


def _without_end(text: str) -> str:
    found = END.search(text)
    if not found:
        return text
    before, digits = text[: found.start()], found["count"] or ""
    if digits:
        return (before + _kept_digits(before, digits)).rstrip()
    is_apart = not before or before[-1] == "\n"
    return before.rstrip() if is_apart or not before[-1].isspace() else text


def _kept_digits(before: str, digits: str) -> str:
    """Those of the digits before "Embed" that are part of the last line."""
    if not before or before[-1] not in " \u00a0'’":
        return ""
    if before[-1] in "'’":
        return digits[:2]
    if YEAR.match(digits):
        return digits[:4]
    ends = {found[1] for line in before.splitlines()[:-1] if (found := NUMBER_END.search(line)) and line[0] != "["}
    return max((end for end in ends if digits.startswith(end)), key=len, default="")


def _with_whole_headers(text: str) -> str:
    framed = f"\n{text}\n"
    if _has_broken_header(framed):
        text = BROKEN_HEADER.sub(lambda found: f"[{' '.join(found[1].split())}]", text)
        framed = f"\n{text}\n"
    return BRACKETS_ONLY.sub("", framed)[1:-1] if BRACKETS_ONLY.search(framed) else text


def _has_broken_header(framed: str) -> bool:
    """Whether a line begins with a bracket that the line does not close."""
    at = framed.find("\n[")
    while at >= 0:
        end = framed.find("\n", at + 1)
        if framed.find("]", at, end) < 0:
            return True
        at = framed.find("\n[", end)
    return False
