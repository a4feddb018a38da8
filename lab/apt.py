"""The machine's own package sources: which mirror serves Debian, and how apt and debootstrap reach it."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from lab.errors import LabError

_SCHEMES = ("http://", "https://", "file:/")
_RELEASE_NAMES = {"stable", "oldstable", "testing", "unstable", "sid"}


@dataclass(frozen=True, slots=True)
class Source:
    """One enabled binary source: its addresses, suites and components."""

    uris: tuple[str, ...]
    suites: tuple[str, ...]
    components: tuple[str, ...]


def parse_one_line(text: str) -> Iterator[Source]:
    """Yield the sources of a `sources.list` file (`deb [options] uri suite component ...`)."""
    for line in text.splitlines():
        match = re.match(r"\s*deb\s+(?:\[[^\]]*\]\s*)?(\S+)\s+(\S+)\s*([^#]*)", line)
        if match:
            yield Source((match[1],), (match[2],), tuple(match[3].split()))


def parse_deb822(text: str) -> Iterator[Source]:
    """Yield the enabled binary sources of a `.sources` file (paragraphs of `Field: value` lines)."""
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    for paragraph in re.split(r"\n\s*\n", "\n".join(lines)):
        unfolded = re.sub(r"\n[ \t]+", " ", paragraph)
        pairs = (line.partition(":") for line in unfolded.splitlines())
        fields = {name.strip().lower(): value.split() for name, _, value in pairs}
        enabled = [word.lower() for word in fields.get("enabled", ["yes"])]
        if "deb" in fields.get("types", []) and enabled not in (["no"], ["false"], ["off"], ["0"]):
            found = (tuple(fields.get(name, [])) for name in ("uris", "suites", "components"))
            yield Source(*found)


def read_sources(folder: Path = Path("/etc/apt")) -> Iterator[Source]:
    """Yield every source of the machine, in the order in which apt reads the files."""
    parts = sorted((folder / "sources.list.d").glob("*"))
    for path in [folder / "sources.list", *parts]:
        if not path.is_file():
            continue
        if path.suffix == ".list":
            yield from parse_one_line(path.read_text())
        elif path.suffix == ".sources":
            yield from parse_deb822(path.read_text())


def choose_mirror(sources: Iterable[Source], codename: str) -> str:
    """Return the first address that serves the machine's own release with the component main.

    `codename` is the machine's release, as in VERSION_CODENAME. Raises LabError when there is none.
    """
    wanted = {codename, *_RELEASE_NAMES}
    for source in sources:
        if "main" in source.components and wanted.intersection(source.suites):
            for address in source.uris:
                if address.startswith(_SCHEMES):
                    return address.rstrip("/")
    raise LabError(
        f"No Debian mirror for {codename} with the component main was found in /etc/apt; "
        "the lab builds its guests from the machine's own package sources."
    )


def codename(os_release: Path = Path("/etc/os-release")) -> str:
    """Return the machine's Debian release name; raise LabError when it is not a Debian."""
    fields = dict(line.split("=", 1) for line in os_release.read_text().splitlines() if "=" in line)
    values = {name: value.strip().strip("'\"") for name, value in fields.items()}
    if values.get("ID") != "debian":
        raise LabError(f"The lab needs a Debian machine (12 or newer), this one says {values.get('ID')!r}.")
    return values.get("VERSION_CODENAME", "sid")


def proxies() -> dict[str, str]:
    """Return apt's proxies as the environment variables that debootstrap's downloads obey."""
    query = ["apt-config", "shell", "HTTP", "Acquire::http::Proxy", "HTTPS", "Acquire::https::Proxy"]
    text = subprocess.run(query, check=True, capture_output=True, text=True).stdout
    found = dict(re.findall(r"^(HTTPS?)='(.*)'$", text, re.MULTILINE))
    return {f"{name.lower()}_proxy": value for name, value in found.items() if value and value != "DIRECT"}


# Hooks of the machine have no business in the lab's folders, and foreign architectures only slow it down.
_WITHOUT_HOOKS = """\
#clear DPkg::Pre-Invoke;
#clear DPkg::Post-Invoke;
#clear DPkg::Pre-Install-Pkgs;
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear APT::Architectures;
APT::Sandbox::User "root";
APT::Install-Recommends "false";
"""


def root_configuration(root: Path) -> str:
    """Return an apt configuration by which the machine's apt installs into the folder `root`.

    The machine fetches, so proxies, certificates and passwords for the mirror stay where they are.
    """
    return _WITHOUT_HOOKS + (
        f'Dir "{root}/";\nDir::Bin "/usr/bin/";\nDir::Etc::parts "/dev/null";\n'
        f'DPkg::Chroot-Directory "{root}";\nDPkg::Options {{ "--force-unsafe-io"; }};\n'
    )


def private_configuration(folder: Path, *, architecture: str) -> str:
    """Return an apt configuration that keeps all of apt's state in `folder`, for downloads only."""
    return _WITHOUT_HOOKS + (
        f'APT::Architecture "{architecture}";\nAPT::Architectures {{ "{architecture}"; }};\n'
        f'Dir::State "{folder}/";\nDir::State::status "{folder}/status";\nDir::Cache "{folder}/cache/";\n'
        f'Dir::Etc::sourcelist "{folder}/sources.list";\nDir::Etc::sourceparts "/dev/null";\n'
        'Dir::Etc::preferences "/dev/null";\nDir::Etc::preferencesparts "/dev/null";\n'
    )
