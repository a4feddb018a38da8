"""The only room that talks to libvirt. It knows no Django and no database."""
