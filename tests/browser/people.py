"""Signing in, as people do."""

from __future__ import annotations

from playwright.sync_api import BrowserContext, Page

from tests.product import PASSWORD, Product


def sign_in(context: BrowserContext, product: Product, name: str = "admin", password: str = PASSWORD) -> Page:
    """Sign in to a product that runs as a whole, and give its first page."""
    return enter(context, product.url, name, password)


def enter(context: BrowserContext, url: str, name: str, password: str) -> Page:
    """Sign in to whatever answers at ``url``, and give its first page."""
    page = context.new_page()
    page.goto(f"{url}/accounts/login/")
    page.fill("[name=login]", name)
    page.fill("[name=password]", password)
    page.click("button[type=submit]")
    page.wait_for_url(f"{url}/")
    return page
