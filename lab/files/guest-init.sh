#!/bin/busybox sh
# Init of every lab guest: says on the console when it is ready, then waits for CPU events at no cost.
busybox mkdir -p /proc /sys /dev /run /tmp /var/run
busybox mount -t proc proc /proc
busybox mount -t sysfs sysfs /sys
busybox mount -t devtmpfs devtmpfs /dev
busybox --install -s /bin
export PATH=/bin:/sbin

for module in $(cat /modules.order); do
    insmod "/modules/$module.ko"
done

# There is no udev here, so the names of virtio ports are linked by hand.
mkdir -p /dev/virtio-ports
for port in /sys/class/virtio-ports/*; do
    [ -s "$port/name" ] && ln -s "/dev/${port##*/}" "/dev/virtio-ports/$(cat "$port/name")"
done

case " $(cat /proc/cmdline) " in
*" slotboard.refuse "*)
    # From here on the guest answers every request to give up a CPU with a refusal (pSeries: see cpu-event).
    profile=/sys/firmware/acpi/hotplug/processor/enabled
    [ -e "$profile" ] && echo 0 >"$profile"
    ;;
esac

agent=/dev/virtio-ports/org.qemu.guest_agent.0
if [ -e "$agent" ] && [ -x /sbin/qemu-ga ]; then
    qemu-ga --daemonize --method=virtio-serial --path="$agent"
fi

echo "slotboard-guest: ready, CPUs online: $(cat /sys/devices/system/cpu/online)" >/dev/console
exec uevent /cpu-event
