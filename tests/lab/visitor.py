"""Somebody who is signed in and looks at pages, without a browser."""

from __future__ import annotations

import re
from http.cookiejar import CookieJar
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, build_opener

from tests.product import PASSWORD, Product
from tests.waiting import LONG


class Visitor:
    """The product's administrator. A page that is not answered with 200 is an error."""

    def __init__(self, product: Product) -> None:
        self._url = product.url
        self._opener = build_opener(HTTPCookieProcessor(CookieJar()))
        form = self.get("/accounts/login/")
        token = re.search('name="csrfmiddlewaretoken" value="([^"]+)"', form)
        assert token
        fields = {"login": "admin", "password": PASSWORD, "csrfmiddlewaretoken": token[1]}
        request = urlencode(fields).encode()
        with self._opener.open(f"{self._url}/accounts/login/", request, timeout=LONG) as answer:
            assert answer.url == f"{self._url}/"

    def get(self, path: str) -> str:
        """Give a page's text."""
        with self._opener.open(f"{self._url}{path}", timeout=LONG) as answer:
            assert answer.status == 200
            return str(answer.read().decode())
