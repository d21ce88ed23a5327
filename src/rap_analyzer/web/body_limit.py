"""A limit on what a request may send, kept while it is read: nothing above it is ever in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BYTES = 16 * 1024 * 1024


class BodyLimit:
    """Answers 413 to a request whose body is longer than MAX_BYTES.

    Args:
        app: what is behind it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        taken = 0

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > MAX_BYTES:
                raise HTTPException(413, f"The body has more than {MAX_BYTES // 2**20} MiB; send it in parts.")
            return message

        await self._app(scope, counted if scope["type"] == "http" else receive, send)
