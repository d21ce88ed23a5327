"""Which proxy stands between us and an address, so that a failure names it."""

from __future__ import annotations

from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass


def proxy_for(url: str) -> str:
    """The proxy that the environment (HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY) names for an address.

    Without user and password; empty when there is none.
    """
    asked = urlsplit(url)
    proxies = getproxies()
    proxy = urlsplit(proxies.get(asked.scheme) or proxies.get("all") or "")
    if not proxy.hostname or not asked.hostname or proxy_bypass(asked.hostname):
        return ""
    return f"{proxy.scheme}://{proxy.hostname}" + (f":{proxy.port}" if proxy.port else "")
