"""The root folder: a small Debian with the libvirt and QEMU of one release, shared by every instance."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
from pathlib import Path

from lab import apt, cache
from lab.errors import LabError
from lab.progress import Progress
from lab.settings import FILES, Settings

PACKAGES = (
    "qemu-system-x86",
    "qemu-system-ppc",
    "libvirt-daemon",
    "libvirt-daemon-driver-qemu",
    "libvirt-daemon-system",
    "libvirt-clients",
    # For the guests: their whole user space is copied from the root.
    "busybox-static",
    "qemu-guest-agent",
)
# The pairs of releases with which the behaviour in docs/lab.md was tried: the newest, and the old host's.
TRIED = ({"libvirt": "12.8", "QEMU": "11.1"}, {"libvirt": "9.0", "QEMU": "7.2"})
VERSIONS_FILE = "slotboard-lab-versions"


def check_user() -> None:
    """Raise LabError unless this process is root's."""
    if os.geteuid() != 0:
        raise LabError("The lab needs root: it mounts folders and starts a hypervisor. Run it as root.")


def check_machine() -> None:
    """Raise LabError when this machine cannot run a lab at all, saying what is missing."""
    check_user()
    if platform.machine() != "x86_64":
        raise LabError(f"The lab runs on x86_64 machines, not on {platform.machine()}.")
    packages = {"unshare": "util-linux", "setpriv": "util-linux", "apt-get": "apt", "chroot": "coreutils"}
    missing = sorted({package for program, package in packages.items() if not shutil.which(program)})
    if missing:
        raise LabError(f"The lab needs {' and '.join(missing)}: apt-get install {' '.join(missing)}")
    if subprocess.run(
        ["unshare", "--mount", "--pid", "--net", "--fork", "true"], capture_output=True
    ).returncode:
        raise LabError(
            "The lab needs mount, process and network namespaces (unshare was refused). "
            "In a container, give it the capability SYS_ADMIN."
        )


def root_folder(settings: Settings) -> Path:
    """Return where the root of these settings is kept, built or not."""
    key = cache.recipe_key(settings.suite, PACKAGES, (FILES / "build-root.sh").read_text())
    return settings.cache / f"root-{settings.suite}-{key}"


def ensure_root(settings: Settings, progress: Progress) -> Path:
    """Return the root folder, building it (about a minute) when this recipe was not built yet."""
    return cache.ensure(root_folder(settings), lambda folder: _build(folder, settings, progress), progress)


def _build(folder: Path, settings: Settings, progress: Progress) -> None:
    if not shutil.which("debootstrap"):
        raise LabError("The lab needs debootstrap to build its root folder: apt-get install debootstrap")
    mirror = apt.choose_mirror(apt.read_sources(), apt.codename())
    log = settings.cache / "build.log"
    log.unlink(missing_ok=True)
    progress(f"building the root folder, once: the base system of {settings.suite}")
    # The script is named because a debootstrap older than the release has none for it.
    scripts = Path("/usr/share/debootstrap/scripts")
    script = scripts / settings.suite if (scripts / settings.suite).exists() else scripts / "sid"
    cache.run_logged(
        [
            "debootstrap",
            "--variant=minbase",
            "--include=ca-certificates",
            settings.suite,
            folder,
            mirror,
            script,
        ],
        log,
        what=f"Building the base system of {settings.suite} from {mirror}",
        environment=apt.proxies(),
    )
    progress("building the root folder, once: libvirt and QEMU")
    configuration = settings.cache / "apt.conf"
    configuration.write_text(apt.root_configuration(folder))
    cache.run_logged(
        ["sh", FILES / "build-root.sh", folder, configuration, *PACKAGES],
        log,
        what=f"Installing libvirt and QEMU of {settings.suite} from {mirror}",
    )
    configuration.unlink()
    (folder / VERSIONS_FILE).write_text(_found_versions(folder))


def _found_versions(root: Path) -> str:
    lines = []
    for name, command in {"libvirt": "libvirtd", "QEMU": "qemu-system-x86_64"}.items():
        shown = subprocess.run(
            ["chroot", root, command, "--version"], check=True, capture_output=True, text=True
        )
        number = re.search(r"\d+(\.\d+)+", shown.stdout)
        if number is None:
            raise LabError(f"{command} in {root} did not tell its version but {shown.stdout!r}.")
        lines.append(f"{name} {number[0]}\n")
    return "".join(lines)


def versions(root: Path) -> dict[str, str]:
    """Return the versions found when the root was built, like {"libvirt": "12.8.0", "QEMU": "11.1.2"}."""
    return dict(line.split() for line in (root / VERSIONS_FILE).read_text().splitlines())


def finishes_removals(root: Path) -> bool:
    """Tell whether this root's QEMU lets go of an emulated guest's vCPU at the next change of its memory map."""
    major, minor = versions(root)["QEMU"].split(".")[:2]
    return (int(major), int(minor)) >= (11, 1)


def describe_versions(root: Path) -> str:
    """Return one line for people: the versions, and whether they are outside what was tried."""
    found = versions(root)
    line = ", ".join(f"{name} {version}" for name, version in found.items())
    if any(all(found[name].startswith(f"{pair[name]}.") for name in pair) for pair in TRIED):
        return f"{line} (as tried)"
    tried = " or ".join(", ".join(f"{name} {version}" for name, version in pair.items()) for pair in TRIED)
    return f"{line} (not the tried {tried})"
