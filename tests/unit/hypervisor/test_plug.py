"""Whether a driver can choose its vCPUs is found out without changing any."""

from __future__ import annotations

from types import SimpleNamespace

import libvirt  # noqa: TID251 - the functions take libvirt's own domains
import pytest

from domains.hypervisor.plug import can_choose
from tests.unit.hypervisor.doubles import Answering, Failure


@pytest.mark.parametrize(
    ("answer", "chooses"), [(Failure(3), False), (Failure(8), True), (Failure(84), True), (0, True)]
)
def test_answer_tells_whether_the_driver_has_the_call(answer, chooses):
    asked = SimpleNamespace(setVcpu=Answering(answer))
    assert can_choose(asked) is chooses
    assert asked.setVcpu.calls == [("", 1, 1 << 30)]


@pytest.mark.parametrize("error", [Failure(29), Failure(42), Failure(38, origin=7), Failure(None)])
def test_no_answer_is_an_error(error):
    with pytest.raises(libvirt.libvirtError):
        can_choose(SimpleNamespace(setVcpu=Answering(error)))


def test_real_driver_that_only_counts_is_left_as_it_is():
    connection = libvirt.open("test:///default")
    domain = connection.lookupByName("test")
    before = domain.XMLDesc(0), domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)
    assert can_choose(domain) is False
    assert (domain.XMLDesc(0), domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)) == before
    connection.close()
