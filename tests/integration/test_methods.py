"""Every address tells which methods it has."""

import re

import httpx

from app.web.endpoints import ENDPOINTS


async def test_an_address_names_its_methods(http: httpx.AsyncClient) -> None:
    """Another method is refused with 405 and a problem, and `Allow` has exactly those of openapi.json, and HEAD."""
    described: dict[str, set[str]] = {}
    for group in ENDPOINTS.values():
        for endpoint in group:
            described.setdefault(endpoint.path, set()).add(endpoint.method)
    for path, methods in described.items():
        answer = await http.request("PATCH", re.sub(r"{\w+}", "1", path))
        assert answer.status_code == httpx.codes.METHOD_NOT_ALLOWED, path
        assert answer.headers["content-type"] == "application/problem+json"
        wanted = methods | ({"HEAD"} if "GET" in methods else set())
        assert set(answer.headers["allow"].split(", ")) == wanted, path
