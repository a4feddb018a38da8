"""Signing in, as people do."""

from __future__ import annotations

from playwright.sync_api import BrowserContext, Page

from tests.product import PASSWORD, Product


def sign_in(context: BrowserContext, product: Product, name: str = "admin", password: str = PASSWORD) -> Page:
    """Open the first page, sign in, and give the page."""
    page = context.new_page()
    page.goto(product.url)
    page.fill("input[name=login]", name)
    page.fill("input[name=password]", password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{product.url}/")
    return page
