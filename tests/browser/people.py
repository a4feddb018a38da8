"""Signing in, as people do."""

from __future__ import annotations

from tests.product import PASSWORD


def sign_in(context, product, name="admin", password=PASSWORD):
    """Open the first page, sign in, and give the page."""
    page = context.new_page()
    page.goto(product.url)
    page.fill("input[name=login]", name)
    page.fill("input[name=password]", password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{product.url}/")
    return page
