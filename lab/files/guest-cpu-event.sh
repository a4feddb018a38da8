#!/bin/busybox sh
# Run for each kernel event. A CPU that was added is brought online; an operator's later "offline" stays, since
# only an add leads here. After a removal QEMU (without KVM) lets go of the CPU only at the next change of its
# memory map, so the memory decoding of a device that nobody uses is switched on and off for two seconds. An old QEMU
# does not let go even so, and dies of it: its guests are told to keep still.
nudge() {
    case " $(cat /proc/cmdline) " in
    *" slotboard.still "*) return ;;
    esac
    for class in /sys/bus/pci/devices/*/class; do
        [ "$(cat "$class")" = 0x0c0330 ] && config=${class%class}config
    done
    [ -n "$config" ] || return
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        printf '\002\000' | dd of="$config" bs=2 seek=2 conv=notrunc 2>/dev/null
        printf '\000\000' | dd of="$config" bs=2 seek=2 conv=notrunc 2>/dev/null
        usleep 100000
    done
}

# A pSeries guest that is to refuse uses none but the CPUs that were added, so that it cannot do without them.
depend_on_it() {
    case "$(uname -m): $(cat /proc/cmdline) " in
    ppc*" slotboard.refuse "*) ;;
    *) return ;;
    esac
    for cpu in 0 1 2 3 4 5 6 7; do
        { echo 0 >"/sys/devices/system/cpu/cpu$cpu/online"; } 2>/dev/null
    done
}

case "$ACTION:$DEVPATH" in
add:/devices/system/cpu/cpu[0-9]*)
    # It may be gone again already.
    { echo 1 >"/sys$DEVPATH/online"; } 2>/dev/null
    ;;
remove:/devices/system/cpu/cpu[0-9]*)
    nudge &
    ;;
online:/devices/system/cpu/cpu[0-9]* | offline:/devices/system/cpu/cpu[0-9]*)
    echo "slotboard-guest: ${DEVPATH##*/} $ACTION, CPUs online: $(cat /sys/devices/system/cpu/online)" >/dev/console
    [ "$ACTION" = online ] && depend_on_it
    ;;
esac
