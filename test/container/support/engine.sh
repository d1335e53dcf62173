#!/bin/sh
# Becomes Docker's engine ($3…: its own words), on a file system of its own in memory over the Debian in
# $1, with the repository $2 at /root/gateway as if it had been cloned there. Run in a mount namespace, a
# network and a process namespace of its own, with which everything it made is gone.
set -eu

base=$1 repository=$2
shift 2

mount -t tmpfs -o mode=0755,size=60% engine /mnt
mkdir /mnt/upper /mnt/work /mnt/root
mount -t overlay -o "lowerdir=$base,upperdir=/mnt/upper,workdir=/mnt/work" engine /mnt/root
mkdir /mnt/clone /mnt/clone-work /mnt/root/root/gateway
mount -t overlay -o "lowerdir=$repository,upperdir=/mnt/clone,workdir=/mnt/clone-work" \
  clone /mnt/root/root/gateway
cd /mnt/root
mount -t proc proc proc
mount --rbind /sys sys
mount --rbind /dev dev
mount -t tmpfs -o mode=0755 run run
# Layers of images are overlays, which can't lie on another overlay.
mkdir -p var/lib/docker
mount -t tmpfs -o mode=0710,size=60% images var/lib/docker
cp /etc/resolv.conf etc/resolv.conf
# Not chroot: a container that is entered would be entered at the root outside of it.
mkdir .outside
pivot_root . .outside
cd /
umount --lazy /.outside
rmdir /.outside
exec dockerd "$@"
