"""What `rap analyze` makes of the ways in which servers answer, and how it accounts for what stood in."""

from __future__ import annotations

import asyncio
import json
import re
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from starlette.applications import Starlette
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from rap_analyzer.simulators.server import SimulatorServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from starlette.requests import Request
    from tests.conftest import Rap

ANSWER = json.dumps(
    {
        "summary": "The speaker works a night shift while the city burns, and never gets tired of flying kites.",
        "mood": "hopeful",
        "themes": [{"theme": "money", "evidence": ["Counting every penny in the pocket of my coat"]}],
        **dict.fromkeys(("technique", "complexity", "storytelling", "quality", "confidence"), 6),
        "wordplay": {"mark": 5, "evidence": []},
        "explicit": {"level": "clean", "kinds": []},
    }
)
TALK = 'Okay. The user wants {"json"} about a song. Let me think {carefully}. '


def message(finish: str = "stop", **fields: Any) -> dict[str, Any]:
    return {"choices": [{"message": {"role": "assistant", **fields}, "finish_reason": finish}], "usage": None}


def refusal(status: int, text: str) -> tuple[int, dict[str, Any]]:
    return status, {"error": {"message": text, "type": "invalid_request_error"}}


ANSWERED: dict[str, Any] = {
    "content": message(content=ANSWER),
    "reasoning-content": message(content=None, reasoning_content=ANSWER),
    "reasoning": message(content="", reasoning=ANSWER),
    "thought-then-answer": message(content=None, reasoning_content=TALK + ANSWER),
    "both": message(content=ANSWER, reasoning_content=TALK),
    "parts": message(content=[{"type": "text", "text": ANSWER[:90]}, {"type": "text", "text": ANSWER[90:]}]),
    "thinking-part": message(content=[{"type": "thinking", "text": TALK}, {"type": "text", "text": ANSWER}]),
    "tool-call": message("tool_calls", content=None, tool_calls=[{"function": {"name": "x", "arguments": ANSWER}}]),
    "tool-object": message(
        "tool_calls", content=None, tool_calls=[{"function": {"name": "x", "arguments": json.loads(ANSWER)}}]
    ),
    "function-call": message("function_call", content=None, function_call={"name": "x", "arguments": ANSWER}),
    "odd-usage": message(content=ANSWER) | {"usage": "many"},
    "odd-counts": message(content=ANSWER) | {"usage": {"prompt_tokens": "9", "completion_tokens": -1}},
}
NOT_ANSWERED: dict[str, tuple[Any, str]] = {
    "nothing": (message(content=""), "gives no usable answer"),
    "thought-alone": (message(content=None, reasoning_content=TALK), "gives no usable answer"),
    "refused": (message(content=None, refusal="I cannot judge this."), "refuses to answer: I cannot judge this"),
    "filtered": (message("content_filter", content=""), "content filter"),
    "flood": (message(content="la " * 400_000), "gives no usable answer"),
    "filter-400": (refusal(400, "The content violates the policy."), "does not take these words"),
    "max-tokens": (
        refusal(400, "max_tokens is too large: 1600. This model supports at most 1024 completion tokens"),
        "writes fewer tokens than an answer may need (max_tokens is too large",
    ),
    "context": (
        refusal(400, "This model's maximum context length is 512 tokens."),
        "The song and its question are longer than",
    ),
    "error-in-200": ((200, {"error": {"message": "upstream engine died"}}), "error inside a 200: upstream engine died"),
    "status-in-200": ((200, {"status": "error", "message": "no workers"}), "error inside a 200: no workers"),
}


@asynccontextmanager
async def service(**always: Any) -> AsyncIterator[str]:
    """A server of OpenAI's shape that answers a song in the way that its title names, or all in one way."""
    known: dict[str, Any] = ANSWERED | {name: reply for name, (reply, _) in NOT_ANSWERED.items()}

    async def answer(request: Request) -> Response:
        asked = json.dumps(await request.json())
        if always:
            return HTMLResponse(always["page"], always["status"])
        case = re.search(r"the case of ([a-z0-9-]+)", asked)
        reply = known[case[1]] if case else {}
        status, document = reply if isinstance(reply, tuple) else (200, reply)
        return JSONResponse(document, status)

    models = Route("/v1/models", lambda _: JSONResponse({"data": [{"id": "qwen/qwen3-4b-fp8"}]}))
    app = Starlette(routes=[Route("/v1/chat/completions", answer, methods=["POST"]), models])
    async with SimulatorServer(app) as server:
        yield f"{server.url}/v1"


def write_songs(folder: Path, names: list[str]) -> Path:
    lines = ["Kites on the wire and I never get tired", "Counting every penny in the pocket of my coat"]
    file = folder / "songs.jsonl"
    songs = ({"title": name, "artist": "Case", "lyrics": "\n".join((f"the case of {name}", *lines))} for name in names)
    file.write_text("\n".join(map(json.dumps, songs)))
    return file


@pytest.fixture
def folder(data_dir: Callable[[], Path], rap: Rap) -> Any:
    """A data folder whose server is stopped in the end."""
    made = data_dir()
    (made / "config.yaml").write_text("analyzers: {qwen: {rate_limit_rpm: 60000}}\n")
    yield made
    rap("db", "stop", data_dir=made)


def verdicts(rap: Rap, folder: Path) -> dict[str, tuple[str | None, str]]:
    """By title, who stood in and why."""
    with psycopg.connect(rap("db", "url", data_dir=folder).stdout.strip()) as store:
        rows = store.execute("SELECT title, fallback, reason FROM analysis_results WHERE analyzer = 'qwen'").fetchall()
    return {title: (fallback, reason) for title, fallback, reason in rows}


async def test_an_answer_is_read_wherever_it_stands(folder: Path, rap: Rap) -> None:
    """In content, parts, reasoning fields and tool calls; what is no answer has a stand-in with its reason."""
    rap("import", write_songs(folder, [*ANSWERED, *NOT_ANSWERED]), data_dir=folder)
    async with service() as url:
        asked = partial(rap, "analyze", "--analyzer", "qwen", data_dir=folder, NOVITA_API_KEY="k", NOVITA_API_URL=url)
        done = await asyncio.to_thread(asked)
    assert f"qwen: {len(ANSWERED)} done + {len(NOT_ANSWERED)} by algorithmic_basic in its place" in done.stdout, done
    assert done.returncode == 0, done.stderr
    found = verdicts(rap, folder)
    assert {title for title, (fallback, _) in found.items() if not fallback} == set(ANSWERED)
    for title, (_, why) in NOT_ANSWERED.items():
        assert why in found[title][1], title


async def test_a_service_that_never_answered_is_an_error(folder: Path, rap: Rap) -> None:
    """A run of nothing but stand-ins says so, and exits with the code of models that failed."""
    rap("import", write_songs(folder, ["one", "two"]), data_dir=folder)
    async with service() as url:
        names = write_songs(folder, ["nothing", "refused"])
        rap("import", "--dataset", "more", names, data_dir=folder)
        where = ("--where", "title!=one, title!=two")
        asked = partial(rap, "analyze", "--analyzer", "qwen", *where, data_dir=folder, NOVITA_API_URL=url)
        done = await asyncio.to_thread(partial(asked, NOVITA_API_KEY="k"))
    assert "qwen gave no usable answer in this run: all 2 are stand-ins." in done.stdout
    assert done.returncode == 7


def test_without_an_ollama_nothing_is_said_to_be_done(folder: Path, rap: Rap, free_port: Callable[[], int]) -> None:
    """Nothing answers at its address: an error that says how to start one."""
    rap("import", write_songs(folder, [f"song-{n}" for n in range(12)]), data_dir=folder)
    (folder / "config.yaml").write_text("analyzers:\n  ollama:\n    enabled: true\n")
    away = f"http://127.0.0.1:{free_port()}"
    done = rap("analyze", "--analyzer", "ollama", data_dir=folder, OLLAMA_URL=away)
    assert done.returncode == 7, done
    assert "No Ollama answers" in done.stdout
    assert "done" not in done.stdout.replace("nothing done", "")
