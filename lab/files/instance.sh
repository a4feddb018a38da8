#!/bin/sh
# Runs as the first process of a lab instance, in mount, process and network namespaces of its own: puts the
# instance's folders over the shared root and keeps its two daemons alive. When it ends, everything in it ends.
set -eu
root=$1 run=$2 etc=$3 lib=$4 log=$5

mount --bind "$run" "$root/run"
mount --bind "$etc" "$root/etc/libvirt"
mount --bind "$lib" "$root/var/lib/libvirt"
mount --bind "$log" "$root/var/log"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount --rbind /sys "$root/sys"

# The C locale keeps libvirt's messages in the words that its clients know.
exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C chroot "$root" /bin/sh -c '
keep() {
    while :; do
        "$1" && status=0 || status=$?
        echo "$1 ended with status $status; starting it again"
        sleep 0.5
    done
}
mkdir -p /run/lock
keep virtlogd &
keep libvirtd
'
