"""What holds during a random walk at any time, how it is brought to an end, and what holds then."""

from __future__ import annotations

from hypothesis.stateful import RuleBasedStateMachine, invariant

from domains.models import FINAL, OPEN, Domain, Effect, Operation, Status
from domains.models.status import status_of
from domains.operations import control
from domains.operations.sweep import sweep
from domains.vcpu.slots import Side
from tests import replay
from tests.integration.operations import witness

LONG = 400.0  # seconds: longer than patience
ROUNDS = 30


class SettlingWalk(RuleBasedStateMachine):
    """A walk without any step."""

    make_world = None

    def __init__(self):
        super().__init__()
        self.world = type(self).make_world()
        self.names, self.away = [], {}

    def pick(self, number):
        return self.names[number % len(self.names)]

    def at(self, guest, deed, *arguments, **options):
        """Do something to a guest that is still there."""
        known = self.world.guests[self.pick(guest)]
        if self.world.body(known.name) is not None:
            getattr(known.host.simulator, deed)(known.uuid, *arguments, **options)

    # -- what holds at any time --------------------------------------------------------------------------------

    @invariant()
    def operations_follow_their_effects(self):
        for operation in Operation.objects.prefetch_related("effects"):
            states = [effect.state for effect in operation.effects.all()]
            final = operation.status in FINAL
            assert (operation.finished_at is not None) == final
            if operation.status == Status.CANCELLED:
                assert set(states) <= {"skipped"}
            elif states or final:
                held = operation.status == Status.RUNNING
                assert operation.status == status_of(states, held=held, asking=operation.asking), operation.pk
            if operation.status == Status.FAILED:
                assert operation.reason
                assert operation.message

    @invariant()
    def slots_are_claimed_once(self):
        claimed = list(Effect.objects.filter(state__in=OPEN).values_list("domain", "vcpu", "side"))
        assert len(claimed) == len(set(claimed))

    def teardown(self):
        if self.names:
            self.settle()
            self.check_end()

    # -- the end -----------------------------------------------------------------------------------------------

    def settle(self):
        """Have everybody cooperate, answer and be looked at, until nothing is left to do."""
        self.world.reach(True)
        for number, name in enumerate(self.names):
            body = self.world.body(name)
            if body:
                guest = self.world.guests[name]
                with guest.host.simulator.transaction() as db:
                    guest.host.simulator.save(
                        db, guest.uuid, guest.host.simulator.load(db, guest.uuid) | {"lose": []}
                    )
                self.at(number, "guest", "cooperates")
                if body["state"] == "paused":
                    self.at(number, "resume")
                self.at(number, "release")
        for _ in range(ROUNDS):
            self.one_round()
            if not Operation.objects.filter(
                status__in=(Status.QUEUED, Status.RUNNING, Status.WAITING)
            ).exists():
                break

    def one_round(self):
        self.world.pass_time(LONG)
        for name in self.names:
            self.world.look(name)
        sweep()
        self.world.answer("all")

    def check_end(self):
        self.check_nothing_open()
        for name in self.names:
            self.world.check_seen(name)
            self.world.check_explained(name)
        for operation in Operation.objects.filter(status=Status.UNCONFIRMED):
            self.check_unconfirmed(operation)
        replay.check_chain()
        witness.check_told()

    def check_nothing_open(self):
        left = Operation.objects.exclude(status__in=(*FINAL, Status.UNCONFIRMED))
        assert not left.exists(), list(left.values("pk", "status", "action", "effects__state"))

    def check_unconfirmed(self, operation):
        """A guest that refused unheard, or forgot, still holds the slot in the same run; asked once more, it lets go."""
        for effect in operation.effects.filter(state="unconfirmed", side=Side.LIVE):
            domain = Domain.objects.get(pk=operation.domain_id)
            assert (domain.running, domain.run) == (True, effect.run)
            assert effect.vcpu in domain.live_map.present
        control.ask_again(self.world.actor, operation.pk)
        self.world.answer()
        self.settle()
        operation.refresh_from_db()
        assert operation.status in FINAL
