"""Writes the list of common words that rare words are told by, from the vocabulary of the embedding model.

usage: common_words.py TOKENIZER [FILE]

TOKENIZER is models/all-MiniLM-L6-v2/tokenizer.json of a data folder: BERT's vocabulary (Devlin and others 2019,
Apache-2.0), whose whole words are the commonest forms of the English Wikipedia and of 11,000 novels, commonest first.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

TARGET = Path(__file__).parents[1] / "src" / "rap_analyzer" / "domain" / "common_words.txt"
WORD = re.compile(r"[a-z]{2,}")


def main() -> None:
    """Command line."""
    if len(sys.argv) not in {2, 3}:
        sys.exit(__doc__)
    vocabulary = json.loads(Path(sys.argv[1]).read_text("utf8"))["model"]["vocab"]
    words = [word for word in sorted(vocabulary, key=vocabulary.get) if WORD.fullmatch(word)]
    target = Path(sys.argv[2]) if len(sys.argv) == 3 else TARGET
    target.write_text("\n".join(words) + "\n", "ascii")
    print(f"{len(words):,} words in {target}")


if __name__ == "__main__":
    main()
