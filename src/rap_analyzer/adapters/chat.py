"""Chat models behind endpoints of OpenAI's shape (Novita, vLLM, llama.cpp …) and behind Ollama's own.

Both go through `HttpDoor`, not through the `openai` package: one door to HTTP means one rate (45 a minute is an
account's, and shared by all processes), one breaker, one way to retry and one account of requests; a client with
connections and retries of its own would go around all of these.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from contextlib import asynccontextmanager
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from rapidfuzz import fuzz, process

from rap_analyzer.adapters.chat_forms import forms, is_about_form, plain, tell_schema
from rap_analyzer.adapters.chat_replies import (
    SERVER_FAULT,
    TOO_LONG_PROMPT,
    TOO_MANY_TOKENS,
    Said,
    count_of,
    error_within,
    read_message,
    said,
)
from rap_analyzer.adapters.http import HttpDoor
from rap_analyzer.adapters.http_line import Timeouts
from rap_analyzer.domain.chat import Attempts, ChatReply
from rap_analyzer.domain.errors import BadModelOutput, ConfigError, RateLimited, SourceError
from rap_analyzer.domain.pacing import parse_rate

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from rap_analyzer.adapters.chat_forms import Form
    from rap_analyzer.domain.chat import ChatMessage
    from rap_analyzer.domain.pacing import Rate
    from rap_analyzer.ports import SharedState

TIMEOUTS = Timeouts(connect=10.0, read=120.0, whole=140.0)
"""An answer comes in one piece when it is all there, and who leaves before is billed; a probe is given up at 150 s."""
NOVITA_URL, OLLAMA_URL = "https://api.novita.ai/openai/v1", "http://localhost:11434"
READ_HERE = frozenset({400, 401, 402, 403, 404, 413, 422})
KEY_REFUSED = (401, 403)
UNPAID, MISSING, TOO_MANY = 402, 404, 429
NEAR, SHOWN = 50, 4
OLLAMA_DELAY_S = 0.5
CONTEXT_TOKENS = 12_288
"""A prompt of a part, its answer, and another to mend it; Ollama's own default would cut the prompt without a word."""
KEEP_ALIVE = "10m"
NONE: Mapping[str, str] = MappingProxyType({})


@asynccontextmanager
async def connect_novita(
    *,
    api_key: str,
    model: str,
    rate: str,
    state: SharedState,
    api_url: str = NOVITA_URL,
    service: str = "novita",
    model_setting: str = "analyzers.qwen.model in config.yaml",
    needs_key: bool = True,
    timeouts: Timeouts = TIMEOUTS,
    base_delay: float = 2.0,
) -> AsyncIterator[OpenAiChat]:
    """A model at Novita, or at any server of OpenAI's shape, asked at most as often as `rate` (`45/minute`) says.

    Args:
        api_key: the account's; a server of one's own may want none.
        model: its id there.
        rate: of all processes that share the state together.
        state: what they share.
        api_url: up to and with `/v1`.
        service: what it is called in messages, metrics and the shared state.
        model_setting: where the model's id is set, for messages.
        needs_key: whether a missing key is an error.
        timeouts: for each phase of an attempt.
        base_delay: seconds before the first retry.

    Raises:
        ConfigError: there is no key, or the rate cannot be one. Nothing is asked yet.
    """
    key = api_key.strip()
    if needs_key and not key:
        raise ConfigError(
            "NOVITA_API_KEY is not set: make a key at https://novita.ai/settings/key-management and put it into .env."
        )
    if not key.isascii() or not all(map(str.isprintable, key)):
        raise ConfigError("NOVITA_API_KEY has characters that no key has: copy it again.")
    limit = parse_rate(service, rate)
    async with _door(service, limit, state, timeouts, base_delay) as door:
        yield OpenAiChat(door, model=model, api_url=api_url, api_key=key, model_setting=model_setting)


@asynccontextmanager
async def connect_ollama(
    *,
    model: str,
    rate: str,
    state: SharedState,
    api_url: str = OLLAMA_URL,
    model_setting: str = "analyzers.ollama.model in config.yaml",
    timeouts: Timeouts = TIMEOUTS,
    base_delay: float = OLLAMA_DELAY_S,
) -> AsyncIterator[OllamaChat]:
    """A model in an Ollama; arguments as for `connect_novita`. It needs no key.

    Raises:
        ConfigError: the rate cannot be one. Nothing is asked yet.
    """
    limit = parse_rate("ollama", rate)
    async with _door("ollama", limit, state, timeouts, base_delay) as door:
        yield OllamaChat(door, model=model, api_url=api_url, model_setting=model_setting)


def _door(service: str, rate: Rate, state: SharedState, timeouts: Timeouts, base_delay: float) -> HttpDoor:
    """The way to a chat model: how long it takes to write an answer says nothing of how busy it is."""
    return HttpDoor(service, rate, state, timeouts=timeouts, base_delay=base_delay, heeds_latency=False)


class _Chat(ABC):
    """What both kinds of endpoint do in the same way.

    Args:
        door: the way out.
        model: the model's id there.
        api_url: root of the API.
        model_setting: where the model's id is set, for messages.
    """

    def __init__(self, door: HttpDoor, *, model: str, api_url: str, model_setting: str) -> None:
        self.model = model
        self._door = door
        self._url = api_url.rstrip("/")
        self._setting = model_setting
        self._is_checked = False
        self._checking = asyncio.Lock()

    async def check(self) -> None:
        """Whether the model is there, asked once.

        Raises:
            ConfigError: no such key, model or server; the message names the setting.
            RateLimited, Blocked, SourceError: as `HttpDoor.ask`.
        """
        async with self._checking:
            if not self._is_checked:
                await self._check()
                self._is_checked = True

    @abstractmethod
    async def _check(self) -> None: ...

    async def _ask(
        self,
        path: str,
        question: dict[str, Any] | None = None,
        headers: Mapping[str, str] = NONE,
        attempts: Attempts | None = None,
    ) -> Any:
        """GET, or POST a question whose attempts are counted: the status and the document."""
        url, counted = self._url + path, attempts or Attempts()
        if question is None:
            return await self._door.get_json(url, headers=headers, expected=READ_HERE)

        def count() -> None:
            counted.sent += 1

        answer = await self._door.post_json(url, question, headers=headers, expected=READ_HERE, on_send=count)
        counted.answered += 1
        return answer

    def _refused(self, status: int, document: Any) -> Exception:
        """The error that a refusal is. It is not billed."""
        told = said(document) or f"status {status}"
        if status in KEY_REFUSED:
            return ConfigError(f"{self._door.source} refuses the key ({told}): check NOVITA_API_KEY.")
        if status == UNPAID:
            return ConfigError(f"{self._door.source} wants to be paid first ({told}): top up the account.")
        if status == MISSING:
            return self._no_such_model([])
        if TOO_MANY_TOKENS.search(told):
            return BadModelOutput(
                f"{self.model} at {self._door.source} writes fewer tokens than an answer may need ({told}): choose a "
                f"model that writes more, change {self._setting}."
            )
        if TOO_LONG_PROMPT.search(told):
            return BadModelOutput(
                f"The song and its question are longer than {self.model} at {self._door.source} reads ({told}): "
                f"choose a model with a larger context, change {self._setting}."
            )
        return BadModelOutput(f"{self._door.source} does not take these words ({told}).")

    def _failed_within(self, status: int, document: Any) -> Exception:
        """The error that came inside a 200."""
        told = f"{self._door.source} answers with an error inside a 200: {said(document) or 'it does not say which'}."
        if status == TOO_MANY:
            return RateLimited(told)
        return SourceError(told) if status >= SERVER_FAULT else self._refused(status, document)

    def _reply_of(self, found: Said, document: dict[str, Any], prompt: int | None, completion: int | None) -> ChatReply:
        """The reply, or the error where the service refuses to give one."""
        if found.refusal:
            raise BadModelOutput(f"{self.model} at {self._door.source} refuses to answer: {found.refusal.rstrip('.')}.")
        return ChatReply(found.text, str(document.get("model") or self.model), prompt, completion, found.is_whole)

    def _no_such_model(self, names: Sequence[str]) -> ConfigError:
        return ConfigError(
            f"{self._door.source} has no model {self.model!r}, or no more{_near(self.model, names)}: "
            f"change {self._setting}."
        )


class OpenAiChat(_Chat):
    """`ports.ChatModel` over `/chat/completions`.

    Args:
        door: the way out.
        model: the model's id there.
        api_url: up to and with `/v1`.
        api_key: empty for a server that wants none.
        model_setting: where the model's id is set, for messages.
    """

    def __init__(
        self,
        door: HttpDoor,
        *,
        model: str,
        api_url: str = NOVITA_URL,
        api_key: str = "",
        model_setting: str = "its setting",
    ) -> None:
        super().__init__(door, model=model, api_url=api_url, model_setting=model_setting)
        self._headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._forms: list[Form] = list(forms(None))

    async def complete(
        self,
        messages: Sequence[ChatMessage],
        schema: Mapping[str, Any] | None = None,
        *,
        max_tokens: int,
        temperature: float = 0.0,
        seed: int = 0,
        attempts: Attempts | None = None,
    ) -> ChatReply:
        """The model's next turn, as `ports.ChatModel.complete`.

        Raises:
            BadModelOutput: the service does not take this conversation; that is not billed.
            ConfigError: as `check`.
            RateLimited, Blocked, SourceError: as `HttpDoor.ask`.
        """
        await self.check()
        limits = {"max_tokens": max_tokens, "temperature": temperature, "seed": seed, "stream": False}
        for form in list(self._forms):
            question = {"model": self.model, "messages": form.messages(messages, schema), **limits}
            question |= form.fields(schema)
            status, document = await self._ask("/chat/completions", question, self._headers, attempts)
            within = error_within(document) if status < 400 else None  # noqa: PLR2004
            status = within or status
            if status < 400:  # noqa: PLR2004
                self._forms = self._forms[self._forms.index(form) :] if form in self._forms else self._forms
                return self._reply(document)
            if status not in (400, 422) or not is_about_form(said(document)):
                break
        if within:
            raise self._failed_within(status, document)
        if status == MISSING:
            self._is_checked = False
            await self.check()  # it names near models, where there is a list
        raise self._refused(status, document)

    async def _check(self) -> None:
        status, document = await self._ask("/models", headers=self._headers)
        if status == MISSING:
            return  # not every server has a list: it will say at the first question what it thinks of the model
        if status >= 400:  # noqa: PLR2004
            raise self._refused(status, document)
        models = _items(document, "data")
        if not models:
            return
        ours = next((model for model in models if model.get("id") == self.model), None)
        if ours is None:
            raise self._no_such_model([str(model.get("id")) for model in models])
        features = ours.get("features")
        self._forms = list(forms([str(f) for f in features] if isinstance(features, list) else None))

    def _reply(self, document: Any) -> ChatReply:
        choices = _items(document, "choices")
        message = choices[0].get("message") if choices else None
        if not isinstance(message, dict):
            raise SourceError(f"{self._door.source} answers in another shape than OpenAI's: check its URL settings.")
        found = read_message(message, choices[0].get("finish_reason"))
        usage = document.get("usage")
        counts = count_of(usage, "prompt_tokens"), count_of(usage, "completion_tokens")
        return self._reply_of(found, document, *counts)


class OllamaChat(_Chat):
    """`ports.ChatModel` over Ollama's `/api/chat`.

    The schema goes into `format` and into the words: some versions only heed the one or the other. `think: false` is
    not said, since with it some versions ignore `format`; Qwen3 is asked in its own way.

    Args:
        door: the way out.
        model: its name there, such as `qwen3:4b`.
        api_url: root of the server.
        model_setting: where the model's name is set, for messages.
    """

    def __init__(
        self, door: HttpDoor, *, model: str, api_url: str = OLLAMA_URL, model_setting: str = "the model's setting"
    ) -> None:
        super().__init__(door, model=model, api_url=api_url, model_setting=model_setting)

    async def complete(
        self,
        messages: Sequence[ChatMessage],
        schema: Mapping[str, Any] | None = None,
        *,
        max_tokens: int,
        temperature: float = 0.0,
        seed: int = 0,
        attempts: Attempts | None = None,
    ) -> ChatReply:
        """The model's next turn, as `ports.ChatModel.complete`.

        Raises:
            BadModelOutput: Ollama does not take this conversation.
            ConfigError: as `check`.
            RateLimited, Blocked, SourceError: as `HttpDoor.ask`.
        """
        await self.check()
        told = plain(tell_schema(messages, schema) if schema else messages)
        if "qwen3" in self.model.lower():
            told[0]["content"] += "\n\n/no_think"
        options = {"temperature": temperature, "seed": seed, "num_predict": max_tokens, "num_ctx": CONTEXT_TOKENS}
        question = {
            "model": self.model,
            "messages": told,
            "stream": False,
            "keep_alive": KEEP_ALIVE,
            "options": options,
            **({"format": schema} if schema else {}),
        }
        status, document = await self._ask("/api/chat", question, attempts=attempts)
        if status >= 400:  # noqa: PLR2004
            raise self._refused(status, document)
        if within := error_within(document):
            raise self._failed_within(within, document)
        return self._reply(document)

    async def _check(self) -> None:
        try:
            status, document = await self._ask("/api/tags")
        except SourceError as error:
            raise ConfigError(
                f"No Ollama answers at {self._url}: start it with `ollama serve`, fetch the model with "
                f"`ollama pull {self.model}`, or change OLLAMA_URL."
            ) from error
        if status >= 400:  # noqa: PLR2004
            raise ConfigError(f"What answers at {self._url} is no Ollama (status {status}): check OLLAMA_URL.")
        names = [str(model.get("name")) for model in _items(document, "models")]
        if not {self.model, f"{self.model}:latest"} & set(names):
            raise self._no_such_model(names)

    def _no_such_model(self, names: Sequence[str]) -> ConfigError:
        return ConfigError(
            f"Ollama at {self._url} has no model {self.model!r}{_near(self.model, names)}: fetch it with "
            f"`ollama pull {self.model}`, or change {self._setting}."
        )

    def _reply(self, document: Any) -> ChatReply:
        message = document.get("message") if isinstance(document, dict) else None
        if not isinstance(message, dict):
            raise SourceError(f"What answers at {self._url} is no Ollama: check OLLAMA_URL.")
        found = read_message(message, document.get("done_reason"))
        counts = count_of(document, "prompt_eval_count"), count_of(document, "eval_count")
        return self._reply_of(found, document, *counts)


def _near(model: str, names: Sequence[str]) -> str:
    """Names that are near, in words; "" when there are none."""
    found = [name for name, _, _ in process.extract(model, names, scorer=fuzz.WRatio, limit=SHOWN, score_cutoff=NEAR)]
    return f" (near: {', '.join(found)})" if found else ""


def _items(document: Any, name: str) -> list[dict[str, Any]]:
    items = document.get(name) if isinstance(document, dict) else None
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []
