"""How long after virsh has returned its change stands in the inventory, beside the time that virsh itself took."""

from __future__ import annotations

import json
import random
import subprocess
import threading
import time
import uuid
from collections.abc import Sequence

from redis import Redis

from domains.push.stream import OPEN
from domains.vcpu import cpulist
from lab.instance import Instance
from tests.product import Product

OWN = ", virsh"  # how the samples of virsh's own time are named
BREATH = (
    1.5,
    3.0,
)  # seconds between two changes: a guest first brings a new CPU up, and the moments are to differ
Samples = dict[str, list[float]]


class Watched:
    """A product that watches a lab."""

    def __init__(self, product: Product, lab: Instance) -> None:
        self.product, self.lab = product, lab

    def live(self, guest: str, slot: int, rounds: int) -> Samples:
        """Add and remove a slot of a running guest again and again."""
        samples: Samples = {name: [] for name in ("add", "add" + OWN, "removal", "removal" + OWN)}
        for _ in range(rounds):
            self._change(samples, "add", guest, slot, "live", present=True)
            self._change(samples, "removal", guest, slot, "live", present=False)
        return samples

    def opened(self, guest: str, slot: int, rounds: int) -> Samples:
        """Change the configuration of a domain whose page somebody has open."""
        samples: Samples = {name: [] for name in ("open", "open" + OWN)}
        with Redis(unix_socket_path=str(self.product.folder / "redis" / "redis.sock")) as redis:
            redis.set(f"{OPEN}{self.lab.virsh('domuuid', guest)}", "1", ex=600)
            time.sleep(BREATH[1])
            for number in range(rounds):
                self._change(samples, "open", guest, slot, "config", present=not number % 2)
        return samples

    def idle(self, guests: Sequence[str], slot: int) -> Samples:
        """Change the configuration of domains that are shut off, each once."""
        samples: Samples = {name: [] for name in ("config, shut off", "config, shut off" + OWN)}
        for name in guests:
            self._change(samples, "config, shut off", name, slot, "config", present=True)
        return samples

    def configured(self, guests: Sequence[str], slot: int, rounds: int) -> Samples:
        """Change the configuration of running guests, whose statistics do not show it, side by side."""
        found: list[Samples] = [{name: [] for name in ("config", "config" + OWN)} for _ in guests]
        threads = []
        for guest, samples in zip(guests, found, strict=True):
            arguments = (samples, guest, slot, rounds)
            threads.append(threading.Thread(target=self._configure, args=arguments))
            threads[-1].start()
        for thread in threads:
            thread.join()
        return {name: [sample for samples in found for sample in samples[name]] for name in found[0]}

    def _configure(self, samples: Samples, guest: str, slot: int, rounds: int) -> None:
        for number in range(rounds):
            self._change(samples, "config", guest, slot, "config", present=not number % 2)

    def _change(
        self, samples: Samples, what: str, guest: str, slot: int, side: str, *, present: bool
    ) -> None:
        time.sleep(random.uniform(*BREATH))  # noqa: S311
        domain = self.lab.virsh("domuuid", guest)
        switch = "--enable" if present else "--disable"
        command = self.lab.virsh_command("--quiet", "setvcpu", guest, str(slot), switch, f"--{side}")
        own = shown = None
        began = time.monotonic()
        virsh = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        while own is None or shown is None:
            if own is None and virsh.poll() is not None:
                own = time.monotonic() - began
            if shown is None and self._present(domain, side, slot) is present:
                shown = time.monotonic() - began
            time.sleep(0.002)
        if virsh.returncode:
            raise RuntimeError(f"virsh could not change {guest}")
        samples[what].append((shown - own) * 1000)
        samples[what + OWN].append(own * 1000)

    def _present(self, domain: str, side: str, slot: int) -> bool:
        column = {"live": "live", "config": "config"}[side]
        (row,) = self.product.query(
            f"SELECT {column} AS slots FROM domains_domain WHERE uuid = ?",  # noqa: S608  # one of two names
            uuid.UUID(domain).hex,
        )
        return slot in cpulist.load(json.loads(str(row["slots"]))["present"])
