"""The people of the story: each with a browser session, and the requests that their pages would send."""

from __future__ import annotations

import re

from playwright.sync_api import APIResponse, Browser, BrowserContext

from lab.guests import BY_NAME
from pictures.pages import ADMIN, NOBODY
from tests.browser.people import sign_in
from tests.product import PASSWORD, Product

_NUMBER = re.compile(r"[?&]operation=(\d+)")
_QUESTION = re.compile(r'name="confirm" value="([^"]*)"')


class People:
    """Signs people in, once each, and lets them act through the form of a guest's page."""

    def __init__(self, browser: Browser, product: Product) -> None:
        self.passwords = {ADMIN: PASSWORD}
        self._browser, self._product = browser, product
        self._states: dict[str, str] = {}

    def context(self, name: str, **options: object) -> BrowserContext:
        """Open a browser in which somebody is signed in. ``options`` are Playwright's."""
        context: BrowserContext = self._browser.new_context(**options)  # type: ignore[arg-type]  # handed on
        if name != NOBODY:
            context.add_cookies(
                [{"name": "sessionid", "value": self._session(name), "url": self._product.url}]
            )
        return context

    def change(self, name: str, guest: str, **asked: str) -> int:
        """Have somebody send the form of a guest's page, and give the number of the operation that came of it.

        Whoever is asked whether it is meant says yes.
        """
        context = self.context(name)
        page = f"{self._product.url}/domains/lab/{BY_NAME[guest].uuid}/"
        _accepted(context.request.get(page))  # brings the cookie of the forms
        token = next(one["value"] for one in context.cookies() if one["name"] == "csrftoken")
        sent: dict[str, str | float | bool] = {"csrfmiddlewaretoken": token, **asked}
        answer = _accepted(context.request.post(f"{page}vcpus/", form=sent, headers={"Referer": page}))
        if question := _QUESTION.search(answer.text()):
            sent["confirm"] = question[1]
            answer = _accepted(context.request.post(f"{page}vcpus/", form=sent, headers={"Referer": page}))
        context.close()
        if not (found := _NUMBER.search(answer.url)):
            raise RuntimeError(f"{name} was led to {answer.url}, which names no operation.")
        return int(found[1])

    def _session(self, name: str) -> str:
        if name not in self._states:
            context = self._browser.new_context()
            sign_in(context, self._product, name, self.passwords[name])
            self._states[name] = next(one["value"] for one in context.cookies() if one["name"] == "sessionid")
            context.close()
        return self._states[name]


def _accepted(answer: APIResponse) -> APIResponse:
    if not answer.ok:
        raise RuntimeError(f"{answer.url} answered {answer.status}: {answer.text()[:500]}")
    return answer
