"""The lab itself: what it promises about guests, about crashes, and about leaving nothing behind."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

from lab.errors import LabError
from lab.instance import Instance
from lab.settings import REPOSITORY, run_folder
from lab.virsh import VirshError
from tests.waiting import LONG, eventually


def online(lab: Instance, name: str) -> int:
    """Return how many CPUs the guest says are online."""
    answer = json.loads(lab.virsh("qemu-agent-command", name, '{"execute": "guest-get-vcpus"}'))
    return sum(cpu["online"] for cpu in answer["return"])


def present(lab: Instance, name: str, slot: int) -> bool:
    return f"<vcpu id='{slot}' enabled='yes'" in lab.virsh("dumpxml", name)


def state(lab: Instance, name: str) -> str | None:
    """Return a guest's state; None while the daemon is away."""
    try:
        return lab.guests().get(name)
    except VirshError:
        return None


def replaced(lab: Instance, name: str, pid: int) -> bool:
    """Tell whether the guest or daemon runs in another process than `pid`."""
    try:
        return lab.process_of(name) != pid
    except LabError:
        return False


def destroyed(lab: Instance, name: str) -> bool:
    """Destroy a guest, unless it is not there just now: one that ended by itself is on its way back."""
    try:
        lab.virsh("destroy", name)
    except VirshError:
        return False
    return True


def alive(pids) -> list[int]:
    def runs(pid: int) -> bool:
        try:
            return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
        except OSError:
            return False

    return [pid for pid in pids if runs(pid)]


def mounts_naming(text: str) -> list[str]:
    """Return the processes in whose mount table the text occurs."""
    found = []
    for table in Path("/proc").glob("[0-9]*/mountinfo"):
        try:
            if text in table.read_text():
                found.append(str(table))
        except OSError:
            continue
    return found


def test_added_slot_comes_online_in_the_guest_and_can_be_removed(lab, lab_guest):
    web01 = lab_guest("web01")
    assert "32" in lab.virsh("vcpucount", web01, "--maximum", "--live")
    assert online(lab, web01) == 4
    lab.virsh("setvcpu", web01, "5", "--enable", "--live")
    assert present(lab, web01, 5)
    assert eventually(lambda: online(lab, web01) == 5)
    lab.virsh("setvcpu", web01, "5", "--disable", "--live")
    assert not present(lab, web01, 5)
    assert online(lab, web01) == 4


def test_cpu_that_an_operator_took_offline_stays_offline(lab, lab_guest):
    web01 = lab_guest("web01")
    lab.virsh("setvcpu", web01, "6", "--enable", "--live")
    assert eventually(lambda: online(lab, web01) == 5)
    lab.virsh("guestvcpus", web01, "--disable", "1")
    time.sleep(2)
    assert online(lab, web01) == 4
    lab.virsh("setvcpu", web01, "6", "--disable", "--live")
    lab.virsh("guestvcpus", web01, "--enable", "1")
    assert online(lab, web01) == 4


def test_stubborn_guest_keeps_its_slot(lab, lab_guest):
    stubborn01 = lab_guest("stubborn01")
    lab.virsh("setvcpu", stubborn01, "5", "--enable", "--live")
    assert eventually(lambda: online(lab, stubborn01) == 3)
    with pytest.raises(VirshError, match="unplug request timed out"):
        lab.virsh("setvcpu", stubborn01, "5", "--disable", "--live")
    time.sleep(2)
    assert present(lab, stubborn01, 5)
    assert online(lab, stubborn01) == 3


def test_crashed_guest_starts_again_and_a_destroyed_one_does_not(lab, lab_guest):
    quiet01 = lab_guest("quiet01")
    crashed = lab.process_of(quiet01)
    os.kill(crashed, signal.SIGKILL)
    assert eventually(lambda: replaced(lab, quiet01, crashed))
    lab_guest(quiet01)  # returns when it has booted
    lab.virsh("destroy", quiet01)
    assert not eventually(lambda: state(lab, quiet01) != "shut off", 3)
    assert lab.virsh("domstate", "--reason", quiet01) == "shut off (destroyed)"


def test_transient_guest_that_crashed_is_created_again_and_a_destroyed_one_is_not(lab, lab_guest):
    fleeting01 = lab_guest("fleeting01")
    crashed = lab.process_of(fleeting01)
    os.kill(crashed, signal.SIGKILL)
    assert eventually(lambda: replaced(lab, fleeting01, crashed))
    assert eventually(lambda: destroyed(lab, lab_guest(fleeting01)))
    assert not eventually(lambda: state(lab, fleeting01) is not None, 3)


def test_daemon_that_crashed_starts_again_and_its_guests_survive(lab, lab_guest):
    web01 = lab_guest("web01")
    guest, daemon = lab.process_of(web01), lab.process_of("libvirtd")
    os.kill(daemon, signal.SIGKILL)
    assert eventually(lambda: replaced(lab, "libvirtd", daemon) and state(lab, web01) == "running")
    assert lab.process_of(web01) == guest
    # The watch goes on with the new daemon.
    os.kill(guest, signal.SIGKILL)
    assert eventually(lambda: replaced(lab, web01, guest))


def test_second_up_of_a_running_guest_is_quick(lab, lab_guest):
    web01 = lab_guest("web01")
    before = lab.process_of(web01)
    lab.up([web01])
    assert lab.process_of(web01) == before


def test_reset_brings_the_original_definition_back(lab, lab_guest):
    lab_guest("batch01")
    lab.virsh("setvcpu", "batch01", "5", "--enable", "--config")
    assert lab.virsh("vcpucount", "batch01", "--current", "--config") == "3"
    lab.reset(["batch01"])
    assert lab.virsh("vcpucount", "batch01", "--current", "--config") == "2"
    assert lab.guests()["batch01"] == "shut off"


def test_two_labs_live_side_by_side_and_down_leaves_nothing(lab, lab_guest, tmp_path):
    lab_guest("web01")
    second = Instance(tmp_path)
    second.up(["quiet01"])
    processes = second.processes()
    try:
        assert second.guests() == {"quiet01": "running"}
        assert any("guest=quiet01" in word for command in processes.values() for word in command)
        assert set(processes).isdisjoint(lab.processes())
        assert mounts_naming(str(tmp_path))
    finally:
        second.down()
    assert alive(processes) == []
    assert mounts_naming(str(tmp_path)) == []
    assert not run_folder(tmp_path).exists()
    assert lab.guests()["web01"] == "running"


def test_definitions_survive_down_and_the_guardians_death_leaves_nothing(tmp_path):
    lab = Instance(tmp_path)
    lab.up(["batch01"])
    lab.virsh("setvcpu", "batch01", "5", "--enable", "--config")
    lab.down()
    lab.up(["batch01"])
    try:
        assert lab.virsh("vcpucount", "batch01", "--current", "--config") == "3"
        processes = lab.processes()
        os.kill(lab.folders.guardian(), signal.SIGKILL)
        assert eventually(lambda: not lab.running and not alive(processes))
        assert mounts_naming(str(tmp_path)) == []
        with pytest.raises(LabError, match="is not running"):
            lab.virsh_command("list")
        assert lab.guests() == {}
    finally:
        lab.down()


def test_run_holds_the_lab_in_the_foreground_and_ends_it_on_sigterm(tmp_path):
    lab = Instance(tmp_path)
    environment = os.environ | {"SLOTBOARD_VAR": str(tmp_path)}
    with subprocess.Popen(
        [REPOSITORY / "script/lab", "run"], env=environment, stdout=subprocess.PIPE, text=True
    ) as run:
        try:
            assert eventually(lambda: lab.running and state(lab, "web01") == "running")
            processes = lab.processes()
        finally:
            run.terminate()
            said, _ = run.communicate(timeout=LONG)
    assert alive(processes) == []
    assert re.search(r"\[ *\d+\.\d s\] libvirt \d+\.\d+", said)


def test_command_prints_the_uri_and_passes_virshs_exit_status_on(lab):
    def command(*arguments):
        environment = os.environ | {"SLOTBOARD_VAR": str(lab.var)}
        return subprocess.run(
            [REPOSITORY / "script/lab", *arguments], env=environment, capture_output=True, text=True, cwd="/"
        )

    assert command("uri").stdout == f"{lab.uri}\n"
    assert command("virsh", "-q", "domstate", "batch01").stdout == "shut off\n"
    missing = command("virsh", "domstate", "web99")
    assert missing.returncode == 1
    assert "failed to get domain 'web99'" in missing.stderr
    status = command("status")
    assert status.returncode == 0
    assert re.search(r"batch01 +8 +2 +shut off", status.stdout)
