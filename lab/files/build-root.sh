#!/bin/sh
# Installs packages into a fresh root folder by the machine's own apt. Runs in a mount namespace of its own.
set -eu
root=$1 configuration=$2
shift 2

mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount --rbind /sys "$root/sys"

# No service of the root may start on this machine.
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
chmod 755 "$root/usr/sbin/policy-rc.d"

apt-get --config-file "$configuration" --quiet update
apt-get --config-file "$configuration" --quiet --yes install "$@"
rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/*
# An instance brings its own; the default network is none of its business.
rm -rf "$root"/etc/libvirt/qemu/networks
