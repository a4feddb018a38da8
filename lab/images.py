"""What guests boot from: a kernel and an initial RAM file system for each architecture."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from lab import apt, cache
from lab.errors import LabError
from lab.progress import Progress
from lab.root import root_folder
from lab.settings import FILES, Settings

Architecture = Literal["x86_64", "ppc64le"]

# In this order each module finds the symbols that it needs.
_X86_MODULES = (
    "virtio_ring",
    "virtio",
    "virtio_pci_legacy_dev",
    "virtio_pci_modern_dev",
    "virtio_pci",
    "virtio_console",
)
# With their libraries from the root: the guest agent, and what reserves CPU time, so that offlining fails.
_X86_PROGRAMS = ("usr/sbin/qemu-ga", "usr/bin/chrt")
# The releases whose kernels the guests' behaviour was tried with, whatever libvirt and QEMU come from. The package of
# Debian 12's x86 kernel still holds the modules.
_KERNEL_SUITES: dict[Architecture, str] = {"x86_64": "bookworm", "ppc64le": "forky"}


@dataclass(frozen=True, slots=True)
class Image:
    """Paths on this machine of what a guest boots from."""

    kernel: Path
    initrd: Path


def ensure_image(architecture: Architecture, settings: Settings, root: Path, progress: Progress) -> Image:
    """Return the image for guests of `architecture`, building what is missing; raise LabError if it cannot."""
    suite = _KERNEL_SUITES[architecture]
    recipe = cache.recipe_key(suite, _X86_MODULES)
    packages = cache.ensure(
        settings.cache / f"kernel-{architecture}-{recipe}",
        lambda folder: _fetch_kernel(folder, architecture, suite, settings, progress),
        progress,
    )
    scripts = [(FILES / name).read_text() for name in ("guest-init.sh", "guest-cpu-event.sh")]
    recipe = cache.recipe_key(root_folder(settings).name, packages.name, scripts, _X86_PROGRAMS)
    initrd = cache.ensure(
        settings.cache / f"initrd-{architecture}-{recipe}",
        lambda folder: _pack(folder, architecture, root, packages),
        progress,
    )
    return Image(kernel=packages / "vmlinuz", initrd=initrd / "initrd")


def _fetch_kernel(
    folder: Path, architecture: Architecture, suite: str, settings: Settings, progress: Progress
) -> None:
    progress(f"fetching the guests' kernel for {architecture}, once")
    debian = "amd64" if architecture == "x86_64" else "ppc64el"
    log = settings.cache / "build.log"
    state = folder / "apt"
    (state / "lists" / "partial").mkdir(parents=True)
    (state / "cache" / "archives" / "partial").mkdir(parents=True)
    (state / "status").touch()
    mirror = apt.choose_mirror(apt.read_sources(), apt.codename())
    (state / "sources.list").write_text(f"deb [arch={debian}] {mirror} {suite} main\n")
    configuration = state / "apt.conf"
    configuration.write_text(apt.private_configuration(state, architecture=debian))
    what = f"Fetching the guests' kernel of {suite} for {debian} from {mirror}"
    cache.run_logged(["apt-get", "--config-file", configuration, "--quiet", "update"], log, what=what)
    wanted = [_kernel_package(architecture, configuration)]
    if architecture == "ppc64le":
        wanted.append("busybox-static")
    script = (
        'cd "$0" && configuration=$1 && shift && apt-get --config-file "$configuration" --quiet download "$@"'
    )
    cache.run_logged(["sh", "-c", script, state, configuration, *wanted], log, what=what)
    tree = folder / "tree"
    for package in state.glob("*.deb"):
        subprocess.run(["dpkg-deb", "--extract", package, tree], check=True)
    _keep_needed(folder, tree, architecture)
    shutil.rmtree(state)
    shutil.rmtree(tree)


def _kernel_package(architecture: Architecture, configuration: Path) -> str:
    """Return the package that holds the kernel: the metapackage's dependency, or the one beside it."""
    meta = "linux-image-cloud-amd64" if architecture == "x86_64" else "linux-image-powerpc64le"
    shown = subprocess.run(
        ["apt-cache", "--config-file", configuration, "show", "--no-all-versions", meta],
        capture_output=True,
        text=True,
    ).stdout
    found = re.search(r"^Depends:.*?\b(linux-image-[\w.+-]+)", shown, re.MULTILINE)
    if found is None:
        raise LabError(f"The mirror has no package {meta} to take the guests' kernel from.")
    # Newer releases split the kernel image into a package of its own.
    return found[1] if architecture == "x86_64" else found[1].replace("linux-image-", "linux-binary-", 1)


def _keep_needed(folder: Path, tree: Path, architecture: Architecture) -> None:
    (kernel,) = tree.rglob("vmlinuz*")
    kernel.rename(folder / "vmlinuz")
    modules = folder / "modules"
    modules.mkdir()
    if architecture == "ppc64le":
        (tree / "usr/bin/busybox").rename(folder / "busybox")
        return
    for name in _X86_MODULES:
        (module,) = tree.rglob(f"{name}.ko")
        module.rename(modules / module.name)


def _pack(folder: Path, architecture: Architecture, root: Path, packages: Path) -> None:
    tree = folder / "tree"
    for name in ("bin", "sbin", "modules"):
        (tree / name).mkdir(parents=True)
    _copy_program(FILES / "guest-init.sh", tree / "init")
    _copy_program(FILES / "guest-cpu-event.sh", tree / "cpu-event")
    if architecture == "x86_64":
        _copy_program(root / "usr/bin/busybox", tree / "bin/busybox")
        for program in _X86_PROGRAMS:
            _copy_with_libraries(root, Path(program), tree)
        for module in (packages / "modules").iterdir():
            shutil.copy(module, tree / "modules")
        (tree / "modules.order").write_text("".join(f"{name}\n" for name in _X86_MODULES))
    else:
        _copy_program(packages / "busybox", tree / "bin/busybox")
        (tree / "modules.order").touch()
    _archive(root, tree, folder / "initrd")
    shutil.rmtree(tree)


def _copy_program(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(source, target)
    target.chmod(0o755)


def _copy_with_libraries(root: Path, program: Path, tree: Path) -> None:
    shown = subprocess.run(
        ["chroot", root, "ldd", f"/{program}"], check=True, capture_output=True, text=True
    ).stdout
    _copy_program(root / program, tree / "sbin" / program.name)
    libraries: Iterable[str] = re.findall(r"(/\S+)\s+\(0x", shown)
    for library in libraries:
        _copy_program(root / library[1:], tree / library[1:])


def _archive(root: Path, tree: Path, target: Path) -> None:
    names = "\n".join(sorted(str(path.relative_to(tree)) for path in tree.rglob("*"))) + "\n"
    # Not compressed: unpacking is slow work for an emulated CPU, and disk space is not scarce.
    with target.open("wb") as archive:
        subprocess.run(
            [root / "usr/bin/busybox", "cpio", "-o", "-H", "newc"],
            check=True,
            cwd=tree,
            input=names.encode(),
            stdout=archive,
            stderr=subprocess.DEVNULL,
        )
