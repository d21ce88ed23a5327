"""The other side of embedding.py: sentence-transformers on torch, in an interpreter of its own.

usage: embedding_peer.py MODEL_FOLDER     driven over standard input: a JSON list of texts a line
Answers each line by one with seconds and the vectors' file.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path


def main() -> None:
    """Serve until standard input ends."""
    import numpy as np
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(sys.argv[1], device="cpu")
    with tempfile.TemporaryDirectory() as folder:
        for number, line in enumerate(sys.stdin):
            texts = json.loads(line)
            began = time.perf_counter()
            vectors = model.encode(texts, normalize_embeddings=True, show_progress_bar=False)
            taken = time.perf_counter() - began
            file = Path(folder) / f"{number}.npy"
            np.save(file, vectors)
            print(json.dumps({"seconds": taken, "vectors": str(file), "reads": model.max_seq_length}), flush=True)


if __name__ == "__main__":
    main()
