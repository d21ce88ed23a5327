"""A chat model behind an endpoint of OpenAI's shape and behind Ollama's: `/v1` and `/api` of one server.

Nobody thinks here. Answers come from random numbers through a real constrained decoder; models are called
`simulated-…`, summaries say that they are simulated, and the same conversation always gets the same answer. It obeys,
as a gullible model would, whoever tells it to ignore its instructions, except between the two lines of a fence.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from dataclasses import asdict
from random import Random
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from rap_analyzer.domain.errors import InputError
from rap_analyzer.simulators.chat_decoder import Sentences, decode
from rap_analyzer.simulators.chat_faults import ReplyFaults, read_reply_faults, spoil
from rap_analyzer.simulators.faults import FaultInjector, Faults

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from starlette.requests import Request
    from starlette.types import Receive, Scope, Send

Json = dict[str, Any]

DEMO_KEY = "demo-key"
MODELS: Mapping[str, tuple[str, ...] | None] = {
    "simulated-4b": ("function-calling", "structured-outputs"),
    "simulated-8b": ("function-calling", "structured-outputs"),
    "simulated-json": ("json-mode",),
    "simulated-words": (),
    "simulated-unlisted": None,
    "simulated-strict": None,
}
"""Models and their features; None where the list says nothing. `simulated-unlisted` takes no schema, and
`simulated-strict` no field that OpenAI does not know."""
KNOWN = frozenset({"model", "messages", "max_tokens", "temperature", "seed", "stream", "response_format"})
FENCE = re.compile(r"^<lyrics ([0-9a-f]{8,})>\n(.*?)\n</lyrics \1>$", re.MULTILINE | re.DOTALL)
INJECTION = re.compile(r"ignore (?:all |any |the |your )*previous instructions", re.IGNORECASE)
OBEYED = "Simulated obedience: the instructions before were ignored."
SCHEMA_IN_WORDS = re.compile(r"JSON schema:\n(\{.*\})")
BYTES_A_TOKEN = 4
FIRST = ("The first voice", "A narrator", "Somebody", "The speaker", "A witness")
SECOND = ("counts what is left of the evening", "walks home by the long way", "waits for the bus to come")
THIRD = ("while the rain goes on", "and the neighbours listen", "as the street lamps come on")
INVENTED = ("words that nobody wrote into this song at all", "a quotation out of thin air and nowhere else")


def chat_app(
    *,
    api_key: str = DEMO_KEY,
    models: Collection[str] = tuple(MODELS),
    faults: Faults | None = None,
    replies: ReplyFaults | None = None,
) -> ChatInjector:
    """The simulator as an ASGI application.

    Args:
        api_key: the only one that `/v1` takes; empty for none asked. Ollama's `/api` wants none.
        models: those of MODELS that are there.
        faults: what goes wrong on the way, and the rate.
        replies: what goes wrong in the answers.
    """
    service = _Chat(api_key, models, replies or ReplyFaults())
    routes = [
        Route("/v1/models", service.list_models),
        Route("/v1/chat/completions", service.complete, methods=["POST"]),
        Route("/api/tags", service.tags),
        Route("/api/chat", service.chat, methods=["POST"]),
    ]
    return ChatInjector(service, Starlette(routes=routes), faults)


class ChatInjector(FaultInjector):
    """FaultInjector, with POST `/_simulator/replies` for fields of ReplyFaults, and tokens in the stats."""

    def __init__(self, service: _Chat, app: Starlette, faults: Faults | None) -> None:
        super().__init__(app, faults)
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] == "http" and scope["path"] == "/_simulator/replies":
            body = await _read(receive)
            try:
                self._service.faults = read_reply_faults(body)
            except InputError as error:
                await JSONResponse({"error": str(error)}, 400)(scope, receive, send)
                return
            await JSONResponse(self.stats())(scope, receive, send)
            return
        await super().__call__(scope, receive, send)

    def stats(self) -> dict[str, Any]:
        """As FaultInjector, with `tokens` that were billed by kind, `replies` by fault, and the faults of replies."""
        service = self._service
        counts = {"tokens": dict(service.tokens), "replies": dict(service.replies)}
        return super().stats() | counts | {"reply_faults": asdict(service.faults)}


class _Chat:
    """Answers to requests."""

    def __init__(self, api_key: str, models: Collection[str], faults: ReplyFaults) -> None:
        self._api_key = api_key
        self._models = models
        self.faults = faults
        self.tokens: Counter[str] = Counter()
        self.replies: Counter[str] = Counter()

    def list_models(self, request: Request) -> Response:
        """GET /v1/models."""
        if refusal := self._key_refused(request):
            return refusal
        return JSONResponse({"object": "list", "data": [_listed(name) for name in self._models]})

    async def complete(self, request: Request) -> Response:
        """POST /v1/chat/completions."""
        question = await request.json()
        if refusal := self._key_refused(request) or self._refused(question):
            return refusal
        wanted = (question.get("response_format") or {}).get("json_schema", {}).get("schema")
        text, is_whole, usage = await self._answer(question, wanted, int(question["max_tokens"]))
        choice = {
            "index": 0,
            "message": {"role": "assistant", "content": text},
            "finish_reason": "stop" if is_whole else "length",
        }
        prompt, completion = usage
        total = {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}
        answer = {"id": "simulated", "object": "chat.completion", "model": question["model"], "choices": [choice]}
        return JSONResponse(answer | {"usage": total})

    def tags(self, request: Request) -> Response:  # noqa: ARG002
        """GET /api/tags."""
        return JSONResponse(
            {"models": [{"name": f"{name}:latest", "model": f"{name}:latest"} for name in self._models]}
        )

    async def chat(self, request: Request) -> Response:
        """POST /api/chat."""
        question = await request.json()
        if question.get("model", "").removesuffix(":latest") not in self._models:
            return JSONResponse({"error": f"model '{question.get('model')}' not found"}, 404)
        limit = int(question.get("options", {}).get("num_predict", 2**20))
        text, is_whole, (prompt, completion) = await self._answer(question, question.get("format"), limit)
        answer = {"model": question["model"], "message": {"role": "assistant", "content": text}, "done": True}
        counts = {"prompt_eval_count": prompt, "eval_count": completion}
        return JSONResponse(answer | counts | {"done_reason": "stop" if is_whole else "length"})

    def _key_refused(self, request: Request) -> Response | None:
        if not self._api_key or request.headers.get("authorization") == f"Bearer {self._api_key}":
            return None
        return _error(401, "Incorrect API key provided")

    def _refused(self, question: Json) -> Response | None:
        """What a server refuses of a question: a model it lacks, and fields that the model cannot."""
        model = str(question.get("model"))
        if model not in self._models:
            return _error(404, f"model {model} not found")
        features, shape = MODELS[model], (question.get("response_format") or {}).get("type", "")
        if model == "simulated-strict" and set(question) - KNOWN:
            return _error(400, f"Unrecognized request argument supplied: {min(set(question) - KNOWN)}")
        has_schema = model == "simulated-strict" if features is None else "structured-outputs" in features
        if shape == "json_schema" and not has_schema:
            return _error(400, "response_format: json_schema is not supported by this model")
        if shape == "json_object" and features == ():
            return _error(400, "response_format: json_object is not supported by this model")
        return None

    async def _answer(self, question: Json, schema: Json | None, limit: int) -> tuple[str, bool, tuple[int, int]]:
        """The words, whether they are all, and tokens read and written."""
        conversation = json.dumps(question["messages"])
        fault = self.faults.strike(conversation)
        text = await run_in_threadpool(self._words, question["messages"], schema, fault)
        is_whole = fault != "cut" and len(text.encode()) <= limit * BYTES_A_TOKEN
        text = text if len(text.encode()) <= limit * BYTES_A_TOKEN else text[: limit * BYTES_A_TOKEN]
        usage = (_tokens(conversation), _tokens(text))
        self.replies[fault or "good"] += 1
        self.tokens["prompt"] += usage[0]
        self.tokens["completion"] += usage[1]
        return text, is_whole, usage

    def _words(self, messages: Sequence[Mapping[str, str]], schema: Json | None, fault: str) -> str:
        told = "\n".join(message["content"] for message in messages if message["role"] != "assistant")
        if INJECTION.search(FENCE.sub("", told)):
            return OBEYED
        seed = hashlib.sha256(json.dumps([dict(message) for message in messages]).encode()).hexdigest()
        in_words = SCHEMA_IN_WORDS.search(told)
        schema = schema or (json.loads(in_words[1]) if in_words else None)
        sentences = _sentences(told, seed, self.faults.invented)
        if schema is None:
            return sentences.prose[0]
        return spoil(decode(schema, sentences, seed), fault)


def _listed(name: str) -> Json:
    features = MODELS[name]
    listed = {"id": name, "object": "model", "owned_by": "simulator", "context_size": 32_768}
    return listed if features is None else {**listed, "features": list(features)}


def _sentences(told: str, seed: str, invented: float) -> Sentences:
    """Prose of the simulator's own, and bars of the lyrics with some that are none."""
    numbers = Random(seed)
    said = [f"{numbers.choice(FIRST)} {numbers.choice(SECOND)} {numbers.choice(THIRD)}." for _ in range(2)]
    prose = f"This is a simulated summary, number {int(seed[:4], 16)}, and judges nothing. {' '.join(said)}"
    bars = [bar for fence in FENCE.finditer(told) for bar in fence[2].splitlines() if bar and not bar.startswith("[")]
    quotes = [numbers.choice(bars)[:120] for _ in range(8)] if bars else ["no lyrics were given"]
    quotes = [numbers.choice(INVENTED) if numbers.random() < invented else quote for quote in quotes]
    return Sentences([prose], quotes)


async def _read(receive: Receive) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


def _tokens(text: str) -> int:
    return -(-len(text.encode()) // BYTES_A_TOKEN)


def _error(status: int, message: str) -> Response:
    return JSONResponse({"error": {"message": message, "type": "invalid_request_error"}}, status)
