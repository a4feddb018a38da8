"""How much of a host CPU each vCPU of the open domains uses: what two readings of their statistics differ by."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from domains.hypervisor.gateway import DomainStatistics

FIRST = 1.9  # seconds until the first figure of a domain that has just been opened
EVERY = 4.9  # seconds between any two others
SAMPLES = 3  # so that a figure is about the last ten seconds
EXACT = 64  # of more vCPUs than this, shares are told in eighths, which change seldom
_LEAST = 0.01  # a vCPU that uses less than this is idle


@dataclass(frozen=True, slots=True)
class Sample:
    """Nanoseconds that each vCPU ran, and waited for a host CPU, up to ``moment`` (monotonic seconds)."""

    moment: float
    run: int | None
    ran: Mapping[int, int]
    waited: Mapping[int, int]


class Meter:
    """The latest samples of one domain."""

    def __init__(self) -> None:
        self._samples: deque[Sample] = deque(maxlen=SAMPLES)

    def take(self, moment: float, line: DomainStatistics) -> str | None:
        """Take a sample if one is due, and give the shares up to then (:func:`write`).

        None if nothing is due or can be told yet; nothing ("") where nothing is known any more.
        """
        last = self._samples[-1] if self._samples else None
        if last and last.run != line.libvirt_id:
            self._samples.clear()
            return ""
        if last and moment - last.moment < (FIRST if len(self._samples) == 1 else EVERY):
            return None
        self._samples.append(Sample(moment, line.libvirt_id, line.vcpu_time, line.vcpu_waited))
        return write(self._samples) if len(self._samples) > 1 else None


class Usage:
    """The domains of one host that somebody has open."""

    def __init__(self) -> None:
        self._meters: dict[str, Meter] = {}

    @property
    def followed(self) -> Collection[str]:
        """The UUIDs of those domains."""
        return self._meters.keys()

    def follow(self, uuids: Iterable[str]) -> None:
        """Follow these domains and no others from now on. For any thread."""
        before = self._meters
        self._meters = {uuid: before.get(uuid) or Meter() for uuid in uuids}

    def take(self, moment: float, lines: Iterable[DomainStatistics]) -> dict[str, str]:
        """Give, by UUID, the shares of those domains of which there are new ones to tell."""
        meters = self._meters
        told = {line.uuid: meters[line.uuid].take(moment, line) for line in lines if line.uuid in meters}
        return {uuid: text for uuid, text in told.items() if text is not None}


def write(samples: Collection[Sample]) -> str:
    """Write the shares between the first sample and the last, as ``SECONDS/SCALE IDS:RAN+WAITED ...``.

    Shares of one CPU in parts of ``SCALE``, 100 or 8; ``+WAITED`` only where it is more than nothing. A vCPU that was
    not there all the time, or whose times went back, is left out: of it nothing is known.
    """
    listed = list(samples)
    seconds = listed[-1].moment - listed[0].moment
    ids = sorted(vcpu for vcpu in listed[-1].ran if _rises(vcpu, [sample.ran for sample in listed]))
    scale = 100 if len(ids) <= EXACT else 8
    words = {}
    for vcpu in ids:
        word = str(_parts(_share(vcpu, [sample.ran for sample in listed], seconds), scale))
        waits = [sample.waited for sample in listed]
        if _rises(vcpu, waits) and (waited := _parts(_share(vcpu, waits, seconds), scale)):
            word += f"+{waited}"
        words[vcpu] = word
    return " ".join([f"{seconds:.0f}/{scale}", *_runs(words)]) if words else ""


def _rises(vcpu: int, times: list[Mapping[int, int]]) -> bool:
    """Whether a counter was there all the time and never went back."""
    return all(vcpu in one for one in times) and all(one[vcpu] <= two[vcpu] for one, two in pairwise(times))


def _share(vcpu: int, times: list[Mapping[int, int]], seconds: float) -> float:
    return (times[-1][vcpu] - times[0][vcpu]) / 1e9 / seconds


def _parts(share: float, scale: int) -> int:
    """Round a share of one CPU; whatever runs at all is at least one part."""
    return 0 if share < _LEAST else min(max(round(share * scale), 1), scale)


def _runs(words: Mapping[int, str]) -> Iterator[str]:
    """Write neighbours with the same word as one."""
    first = last = -2
    for vcpu, word in words.items():
        if vcpu == last + 1 and word == words[last]:
            last = vcpu
            continue
        if first >= 0:
            yield _run(first, last, words[last])
        first = last = vcpu
    if first >= 0:
        yield _run(first, last, words[last])


def _run(first: int, last: int, word: str) -> str:
    return f"{first}:{word}" if first == last else f"{first}-{last}:{word}"
