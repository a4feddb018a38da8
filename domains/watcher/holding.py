"""The hosts that this watcher has: a lease and a thread for each, and nothing for those that others have."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta

import structlog
from django.db import transaction

from domains.inventory import hosts, leases
from domains.inventory.hosts import WATCHER, Answer, Assignment
from domains.inventory.leases import Fence
from domains.watcher.hostwatch import HostWatch
from domains.watcher.pace import Pace
from domains.watcher.share import share, surplus

logger = structlog.get_logger(__name__)
AT_ONCE = 4  # hosts that may wait for another watcher at a time
REMEMBERED = timedelta(minutes=1)
# Seconds without a move after which a thread is left behind; a busy database may hold one up for 20.
STUCK = 60.0


class Holding:
    """One watcher's part of the hosts. Used by one thread, but for :meth:`stop` and :attr:`watches`."""

    def __init__(self, holder: str, pace: Pace, opened: Callable[[], Collection[str]]) -> None:
        self.watches: dict[int, HostWatch] = {}
        self._holder = holder
        self._pace = pace
        self._opened = opened
        self._present: Fence | None = None
        self._kept = 0.0
        self._stuck: dict[int, HostWatch] = {}

    def turn(self) -> None:
        """Keep the leases, and have a watch for every host that falls to this watcher, and for no other.

        The number of queries does not grow with that of the hosts.
        """
        if self._present is None or time.monotonic() - self._kept >= self._pace.renew:
            self._keep()
        wanted = {assignment.id: assignment for assignment in hosts.assignments()}
        for host_id, watch in list(self.watches.items()):
            if not watch.is_alive() or self._leave_behind(watch):
                del self.watches[host_id]
            elif wanted.get(host_id) != watch.assignment:
                watch.stop()
        self._divide(list(wanted.values()), leases.living(hosts.LEASE, WATCHER))

    def heard(self) -> dict[str, datetime | None]:
        """Give when each host of this watcher last answered, by slug; None for one that is not on the line."""
        now, moment = datetime.now(UTC), time.monotonic()
        return {
            watch.assignment.slug: now - timedelta(seconds=moment - heard.moment)
            if (heard := watch.heard)
            else None
            for watch in self.watches.values()
        }

    def stop(self) -> None:
        """Have every watch end soon; returns at once."""
        for watch in list(self.watches.values()):
            watch.stop()

    def leave(self) -> None:
        """Count no longer as a living watcher."""
        if self._present:
            leases.drop(self._present)

    def _keep(self) -> None:
        """Prolong all leases, and note which hosts answered, in one transaction for all hosts.

        A watch that has not moved for as long as a lease lasts is stuck: its host goes to another watcher.
        """
        moment = time.monotonic()
        alive = [watch for watch in self.watches.values() if watch.is_alive()]
        moving = [watch for watch in alive if moment - watch.moved < self._pace.lease.total_seconds()]
        fences = [watch.fence for watch in moving] + ([self._present] if self._present else [])
        with transaction.atomic():
            kept = leases.keep(self._holder, fences, self._pace.lease)
            hosts.seen(
                {
                    watch.assignment.id: Answer(moment - heard.moment, heard.round_trip)
                    for watch in moving
                    if watch.fence in kept and (heard := watch.heard) and heard.moment > self._kept
                }
            )
        self._kept = moment
        for watch in moving:
            if watch.fence not in kept:
                watch.stop()
        if self._present not in kept:
            self._present = leases.acquire(f"{WATCHER}{self._holder}", self._holder, self._pace.lease)
            leases.forget(WATCHER, REMEMBERED)

    def _leave_behind(self, watch: HostWatch) -> bool:
        """Whether a watch is stuck for good, so that its host is taken anew, here or elsewhere.

        Of each host one at most is left behind: threads must not pile up where every one gets stuck.
        """
        before = self._stuck.get(watch.assignment.id)
        if time.monotonic() - watch.moved < STUCK or (before and before.is_alive()):
            return False
        logger.error("a watch is stuck, another takes its place", host=watch.assignment.slug)
        watch.stop()
        self._stuck[watch.assignment.id] = watch
        return True

    def _divide(self, wanted: list[Assignment], living: dict[str, str]) -> None:
        watched = [one for one in wanted if one.enabled]
        due = share(self._holder, self._held(watched, living), len(watched))
        mine = [watch for watch in self.watches.values() if watch.assignment.enabled and not watch.stopping]
        free = [one for one in wanted if one.lease not in living and one.id not in self.watches]
        random.shuffle(free)  # so that two watchers seldom reach for the same one
        for assignment in free:
            if not assignment.enabled:
                self._take(assignment)  # only to show it as paused, which is no burden
            elif len(mine) < due and (watch := self._take(assignment)):
                mine.append(watch)
        on_the_way = sum(one.lease not in living for one in watched)
        on_the_way += sum(watch.stopping for watch in self.watches.values())
        for watch in mine[len(mine) - surplus(len(mine), due, on_the_way=on_the_way, at_once=AT_ONCE) :]:
            logger.info("handing a host over", host=watch.assignment.slug)
            watch.stop()

    def _held(self, watched: list[Assignment], living: dict[str, str]) -> Counter[str]:
        """Count the hosts of each living watcher, this one included."""
        names = {name.removeprefix(WATCHER) for name in living if name.startswith(WATCHER)}
        held = Counter(dict.fromkeys([*names, self._holder], 0))
        held.update(living[one.lease] for one in watched if living.get(one.lease) in held)
        return held

    def _take(self, assignment: Assignment) -> HostWatch | None:
        fence = leases.acquire(assignment.lease, self._holder, self._pace.lease)
        if fence is None:
            return None
        watch = HostWatch(assignment, fence, self._pace, self._opened)
        self.watches[assignment.id] = watch
        watch.start()
        return watch
