"""A private libvirt and QEMU with real Linux guests, in a folder, away from the machine's own hypervisor."""
