"""Which proxy stands between us and an address: to go through it, and to name it when it fails."""

from __future__ import annotations

from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from rap_analyzer.domain.errors import ConfigError

THIS_MACHINE = ("127.0.0.1", "localhost", "::1")


def whole_proxy_for(url: str) -> str:
    """The proxy that the environment (HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY) names for an address.

    With user and password, so it is for no message; empty when there is none, as for this machine.

    Raises:
        ConfigError: it is one that does not speak HTTP.
    """
    asked = urlsplit(url)
    proxies = getproxies()
    proxy = proxies.get(asked.scheme) or proxies.get("all") or ""
    host = asked.hostname
    if not urlsplit(proxy).hostname or not host or host in THIS_MACHINE or proxy_bypass(host):
        return ""
    if (scheme := urlsplit(proxy).scheme) not in ("http", "https"):
        raise ConfigError(
            f"The environment names a {scheme} proxy for {host}: name one of HTTP in {asked.scheme.upper()}_PROXY."
        )
    return proxy


def proxy_for(url: str) -> str:
    """The same without user and password."""
    proxy = urlsplit(whole_proxy_for(url))
    if not proxy.hostname:
        return ""
    return f"{proxy.scheme}://{proxy.hostname}" + (f":{proxy.port}" if proxy.port else "")
