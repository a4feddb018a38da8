"""The function pair on libvirt's test driver, which can only set a count. Real guests: ``tests/lab``."""

from __future__ import annotations

import libvirt  # noqa: TID251 - the functions take libvirt's own domains
import pytest

from domains.hypervisor import eventloop
from domains.hypervisor.hotplug import SlotUnavailable, add_vcpu, remove_vcpu
from domains.vcpu.reasons import Reason

LIVE, CONFIG = libvirt.VIR_DOMAIN_AFFECT_LIVE, libvirt.VIR_DOMAIN_AFFECT_CONFIG
XML = """<domain type='test'><name>{name}</name><memory>1024</memory><vcpu current='2'>4</vcpu>{vcpus}
<os><type>hvm</type></os></domain>"""
HOLES = "<vcpus><vcpu id='0' enabled='yes'/><vcpu id='1' enabled='no'/><vcpu id='2' enabled='yes'/></vcpus>"


@pytest.fixture(scope="module")
def connection():
    eventloop.ensure_running()
    connection = libvirt.open("test:///default")
    yield connection
    connection.close()


@pytest.fixture
def domain(connection, request):
    domain = connection.defineXML(XML.format(name=f"d{abs(hash(request.node.name))}", vcpus=""))
    domain.create()
    yield domain
    if domain.isActive():
        domain.destroy()
    domain.undefine()


def counts(domain) -> tuple[int, int]:
    return domain.vcpusFlags(LIVE), domain.vcpusFlags(CONFIG)


def test_minus_one_adds_the_first_absent_and_removes_the_highest(domain):
    assert add_vcpu(domain) == 2
    assert counts(domain) == (3, 2)
    assert remove_vcpu(domain) == 2
    assert counts(domain) == (2, 2)


def test_both_sides_are_changed_together_where_they_are_alike(domain):
    assert add_vcpu(domain, flags=LIVE | CONFIG) == 2
    assert counts(domain) == (3, 3)
    assert remove_vcpu(domain, -1, CONFIG) == 2
    assert counts(domain) == (3, 2)


def test_count_is_no_stand_in_where_the_sides_differ(domain):
    domain.setVcpusFlags(3, CONFIG)
    with pytest.raises(libvirt.libvirtError) as caught:
        add_vcpu(domain, -1, LIVE | CONFIG)
    assert caught.value.get_error_code() == libvirt.VIR_ERR_NO_SUPPORT
    assert counts(domain) == (2, 3)


def test_count_is_no_stand_in_where_there_are_holes(connection):
    domain = connection.defineXML(XML.format(name="holes", vcpus=HOLES))
    with pytest.raises(libvirt.libvirtError) as caught:
        add_vcpu(domain)
    assert caught.value.get_error_code() == libvirt.VIR_ERR_NO_SUPPORT
    domain.undefine()


def test_specific_id_is_refused_by_libvirt_on_such_a_driver(domain):
    for function in (add_vcpu, remove_vcpu):
        with pytest.raises(libvirt.libvirtError) as caught:
            function(domain, 2)
        assert caught.value.get_error_code() == libvirt.VIR_ERR_NO_SUPPORT


def test_current_means_the_configuration_of_an_inactive_domain(domain):
    domain.destroy()
    assert add_vcpu(domain) == 2
    assert domain.vcpusFlags(CONFIG) == 3
    with pytest.raises(SlotUnavailable) as caught:
        add_vcpu(domain, -1, LIVE)
    assert caught.value.refusal.reason is Reason.DOMAIN_NOT_RUNNING


def test_nothing_is_left_at_either_end(domain):
    domain.setVcpusFlags(4, LIVE)
    with pytest.raises(SlotUnavailable) as caught:
        add_vcpu(domain)
    assert caught.value.refusal.reason is Reason.NO_ABSENT_SLOT
    domain.setVcpusFlags(1, LIVE)
    with pytest.raises(SlotUnavailable, match="has no vCPU that can be removed"):
        remove_vcpu(domain)


@pytest.mark.parametrize(("vcpu", "flags"), [(-2, 0), (4096, 0), (10**30, 0), (1, 4), (1, 16), (1, -1)])
def test_impossible_arguments_are_value_errors(domain, vcpu, flags):
    for function in (add_vcpu, remove_vcpu):
        with pytest.raises(ValueError, match=r"vCPU|flags"):
            function(domain, vcpu, flags)
    assert counts(domain) == (2, 2)
