"""Where a lab keeps things, from environment variables; reading them changes nothing on disk."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from lab.errors import LabError

REPOSITORY = Path(__file__).resolve().parent.parent
FILES = Path(__file__).resolve().parent / "files"
# Unix socket paths end at 107 bytes, so an instance's sockets live below a short name of the data folder.
RUN = Path("/run/slotboard")

Accelerator = Literal["tcg", "kvm"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the environment chooses: the cache folder, the Debian release of the root, the accelerator."""

    cache: Path
    suite: str
    accelerator: Accelerator

    def environment(self, var: Path) -> dict[str, str]:
        """Return the variables by which another process gets these settings and the data folder `var`."""
        return {
            "PYTHONPATH": str(REPOSITORY),
            "SLOTBOARD_VAR": str(var),
            "SLOTBOARD_LAB_CACHE": str(self.cache),
            "SLOTBOARD_LAB_SUITE": self.suite,
            "LAB_ACCEL": self.accelerator,
        }


def read_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """Return the settings; raise LabError for a value that cannot be meant."""
    home = Path(environment.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    cache = Path(environment.get("SLOTBOARD_LAB_CACHE") or home / "slotboard" / "lab")
    if not cache.is_absolute():
        raise LabError(f"SLOTBOARD_LAB_CACHE must be an absolute path, not {str(cache)!r}.")
    suite = environment.get("SLOTBOARD_LAB_SUITE") or "forky"
    if not re.fullmatch(r"[a-z][a-z0-9-]*", suite):
        raise LabError(f"SLOTBOARD_LAB_SUITE must be the name of a Debian release, not {suite!r}.")
    return Settings(cache=cache, suite=suite, accelerator=_accelerator(environment.get("LAB_ACCEL") or "tcg"))


def _accelerator(value: str) -> Accelerator:
    if value == "tcg":
        return "tcg"
    if value == "kvm":
        return "kvm"
    raise LabError(f"LAB_ACCEL must be tcg or kvm, not {value!r}.")


def data_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Return the absolute data folder of this installation: SLOTBOARD_VAR, or var/ in the repository."""
    return Path(os.path.abspath(environment.get("SLOTBOARD_VAR") or REPOSITORY / "var"))


def run_folder(var: Path) -> Path:
    """Return the folder that holds the sockets of the lab that belongs to the data folder `var`."""
    return RUN / hashlib.sha256(os.fsencode(os.path.abspath(var))).hexdigest()[:8]


def socket_path(var: Path) -> Path:
    """Return the read-write libvirt socket of the lab that belongs to `var` (at most 107 bytes)."""
    return run_folder(var) / "libvirt" / "libvirt-sock"


def uri(var: Path) -> str:
    """Return the libvirt URI of the lab that belongs to `var`, whether it runs or not."""
    return f"qemu+unix:///system?socket={socket_path(var)}"
