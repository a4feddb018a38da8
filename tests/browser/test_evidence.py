"""From an operation in the browser to its line in an exported file, and to the hash that proves it."""

from __future__ import annotations

import json
from pathlib import Path

from django.core.management import call_command
from playwright.sync_api import expect

from domains.models import HistoryLine
from tests.integration.web.factory import make_entry, make_operation, make_user


def test_an_operation_is_followed_to_its_exported_line_and_its_verified_hash(
    open_page, web, tmp_path, capsys
):
    make_user("audrey", "auditor")
    operation = make_operation(
        web,
        [(5, "live", "done")],
        status="succeeded",
        note="ticket OPS-4711",
        kinds=("requested", "confirmed"),
    )
    call_command("history", "head")
    heads = tmp_path / "heads"
    heads.write_text(capsys.readouterr().out)
    make_entry("outside", web, effects=[{"side": "live", "appeared": "6", "disappeared": ""}])
    seq = HistoryLine.objects.get(operation=operation.pk).seq

    page = open_page(f"/operations/?q=ops-4711&host={web.host.slug}", user="audrey")
    page.click(f"[aria-label='Operation {operation.pk}']")
    page.click(f".line [href='#entry-{seq}']")
    shown = page.locator(f"#entry-{seq} .hashes code").first.inner_text()
    page.click(f"text=Entry {seq} by itself")
    expect(page.locator(".hashes code").first).to_have_text(shown)

    page.goto(f"/operations/?q=ops-4711&host={web.host.slug}")
    with page.expect_download() as download:
        page.get_by_role("button", name="NDJSON").click()
    path = tmp_path / download.value.suggested_filename
    download.value.save_as(path)

    found = {line["seq"]: line for line in map(json.loads, path.read_text().splitlines()) if "body" in line}
    told = [(number, json.loads(line["body"])) for number, line in found.items()]
    assert [(number, body["kind"], body["operation"]) for number, body in told] == [
        (seq, "requested", operation.pk),
        (seq + 1, "confirmed", operation.pk),
    ]
    assert found[seq]["hash"] == shown
    assert verified(path, heads) == 0
    forged = tmp_path / "forged"
    forged.write_text(path.read_text().replace("OPS-4711", "OPS-4712"))
    assert verified(forged, heads) == 1


def verified(path: Path, heads: Path) -> int:
    """Check a file against published heads; gives the command's exit status."""
    try:
        call_command("history", "verify-export", str(path), "--against", str(heads))
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0
