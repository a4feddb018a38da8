from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest
from django.conf import settings

from domains.hypervisor.gateway import DomainState
from domains.models import EffectState, Status
from domains.web import tags, timeline, work

VENDORED = Path(settings.BASE_DIR, "static", "vendor", "htmx")
TEMPLATES = sorted(Path(settings.BASE_DIR, "templates").rglob("*.html"))
SCRIPTS = sorted(Path(settings.BASE_DIR, "static", "js").glob("*.js"))


@pytest.mark.parametrize("name", ["htmx.min.js", "ext/hx-sse.min.js"])
def test_vendored_file_is_the_one_that_the_readme_names(name):
    noted = re.search(rf"`{re.escape(name)}` \|.*`([0-9a-f]{{64}})`", (VENDORED / "README.md").read_text())
    assert noted is not None
    assert hashlib.sha256((VENDORED / name).read_bytes()).hexdigest() == noted[1]


def test_vendored_files_come_with_their_licences():
    assert "Zero-Clause BSD" in (VENDORED / "LICENSE").read_text()
    assert "Paweł Kuna" in Path(settings.BASE_DIR, "static", "img", "ICONS-LICENSE").read_text()


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_template_needs_nothing_inline(template):
    text = template.read_text()
    assert not re.search(r"<script(?![^>]*\bsrc=)", text)
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:|hx-on|hx-vals=.js:", text, re.IGNORECASE)
    assert not re.search(r"""(?:src|href)=["']https?:""", text)
    assert "|safe" not in text
    assert "autoescape off" not in text


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_own_script_evaluates_no_text(script):
    assert not re.search(r"\beval\(|new Function|setTimeout\(\s*[\"'`]|\.style\b", script.read_text())


def test_every_icon_that_is_named_is_in_the_sprite():
    sprite = Path(settings.BASE_DIR, "static", "img", "icons.svg").read_text()
    drawn = set(re.findall(r'<symbol id="([^"]+)"', sprite))
    text = "\n".join(path.read_text() for path in TEMPLATES)
    named = {f"i-{name}" for name in re.findall(r'{% icon "([a-z0-9-]+)"', text)}
    named |= {f"g-{name}" for name in re.findall(r'{% glyph "([a-z0-9-]+)"', text)}
    named |= {f"i-{icon}" for icon, _, _ in (*tags.CHIPS.values(), *timeline._KINDS.values())}
    named |= {f"g-{glyph}" for glyph, _, _ in work.STATES.values()}
    assert named <= drawn


def test_every_state_has_a_chip():
    assert {*Status, *EffectState, *DomainState, "refused", "outside", "gone"} <= {*tags.CHIPS}
