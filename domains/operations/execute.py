"""One step of an operation: read afresh, apply the rules, at most one call to the hypervisor, read again."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import structlog

from domains.hypervisor.errors import ConnectionLost, DomainNotFound, GatewayError, HostUnreachable
from domains.hypervisor.gateway import Gateway
from domains.models import Domain, Effect, clock
from domains.operations import asking, doorbell, endings, hung, inside, settle, steps
from domains.operations.batches.running import advance
from domains.operations.claim import LEASE, Claim, Fenced, claim, heartbeat
from domains.operations.gateways import HostRemoved, gateway_to, read_afresh, stored
from domains.operations.steps import Refused
from domains.vcpu.reasons import Reason
from domains.vcpu.rules import Action
from domains.vcpu.slots import Side

logger = structlog.get_logger(__name__)


def work(domain_id: int) -> None:
    """Do the next step that waits on this domain, if any, and ring for what comes after it."""
    claimed = claim(domain_id)
    if claimed is None:
        return
    log = logger.bind(operation=claimed.operation_id, attempt=claimed.attempt)
    try:
        with heartbeat(claimed, hung.give_up_if_hung):
            _try(claimed)
    except Fenced:
        log.warning("another worker has the operation by now; this step is void")
    except endings.PutBack:
        return
    doorbell.ring(doorbell.unrung(endings.waiting_domains(domain_id)))
    if claimed.batch_id is not None:
        advance(claimed.batch_id)


def _try(claimed: Claim) -> None:
    try:
        _advance(claimed)
    except GatewayError as error:
        logger.warning(
            "what became of a call is not known; looking again will tell",
            operation=claimed.operation_id,
            error=error.text,
        )
        endings.leave_until(claimed, clock.now() + LEASE)


def _advance(claimed: Claim) -> None:
    try:
        domain = stored(claimed.domain_id)
    except HostRemoved:
        endings.fail(claimed, Reason.DOMAIN_NOT_FOUND)
        return
    if claimed.dead:
        _settle_dead(claimed, domain)
    elif not domain.host.enabled:
        endings.fail(claimed, Reason.HOST_DISABLED)
    elif not domain.host.reachable:
        endings.not_asked(claimed, HostUnreachable(domain.host.last_error))
    else:
        _begin(claimed, domain)


def _begin(claimed: Claim, domain: Domain) -> None:
    """Up to the promise a failure leaves no trace on the host; from the promise on, only looking counts."""
    effects: list[Effect] = []
    try:
        with gateway_to(domain.host) as gateway:
            domain = _look(claimed, gateway, domain)
            effects = steps.prepare(claimed, domain)
            if effects:
                _call(claimed, gateway, domain, effects)
    except Refused as refused:
        endings.fail(claimed, refused.reason, refused.sentence)
    except GatewayError as error:
        if effects:
            raise
        endings.not_asked(claimed, error)


def _look(claimed: Claim, gateway: Gateway, domain: Domain) -> Domain:
    """Read the domain, and ask its guest too where the operation is about the guest's own doing."""
    domain = read_afresh(gateway, domain.host_id, str(domain.uuid))
    if claimed.action in (Action.ONLINE, Action.OFFLINE):
        domain = inside.read_guest(gateway, domain)
    return asking.with_abilities(gateway, domain)


def _call(claimed: Claim, gateway: Gateway, before: Domain, effects: list[Effect]) -> None:
    error: GatewayError | None = None
    try:
        asking.ask(gateway, before, effects)
    except ConnectionLost:
        raise
    except GatewayError as refusal:
        error = refusal
    settle_by = partial(settle.settle_step, claimed, before, effects, error)
    if effects[0].side == Side.GUEST:
        after = inside.see_guest(gateway, _after(gateway, before))
        settle_by(after)
    else:
        after = _after(gateway, before, then=settle_by)
    if effects[0].side == Side.LIVE and after.agent:
        doorbell.look([before.pk], after=inside.AFTER_A_CHANGE)


def _after(gateway: Gateway, before: Domain, then: Callable[[Domain], None] | None = None) -> Domain:
    try:
        return read_afresh(gateway, before.host_id, str(before.uuid), then=then)
    except DomainNotFound:
        gone = stored(before.pk)  # recorded as such now
        if then:
            then(gone)
        return gone


def _settle_dead(claimed: Claim, domain: Domain) -> None:
    began = clock.now()
    try:
        with gateway_to(domain.host) as gateway:
            domain = read_afresh(gateway, domain.host_id, str(domain.uuid))
            if Effect.objects.filter(operation=claimed.operation_id, side=Side.GUEST).exists():
                domain = inside.see_guest(gateway, domain)
    except DomainNotFound:
        domain = stored(domain.pk)
    except GatewayError as error:
        logger.info(
            "a broken-off call cannot be settled yet", operation=claimed.operation_id, error=error.text
        )
        return
    settle.settle_dead(claimed, domain, began)
