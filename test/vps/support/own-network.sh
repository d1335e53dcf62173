#!/bin/sh
# Runs $OWN_NETWORK_NODE "$@" in a network of its own: every port is free there, and none of it is seen outside.
# The way out is a NAT in user mode (slirp4netns): no address, rule or setting of the host's is touched,
# so any number of these run at once. All of it ends with the program, however that ends.
set -eu

if [ "${OWN_NETWORK-}" != made ]; then
  export OWN_NETWORK=made
  # What the way out starts from.
  exec 8</proc/self/ns/mnt 9</proc/self/ns/net
  exec unshare --net --mount -- sh "$0" "$@"
fi

ip link set lo up
# In memory, and seen by nobody else.
mount -t tmpfs own-network /mnt
mkfifo /mnt/ready
setpriv --pdeathsig KILL nsenter --net=/dev/fd/9 --mount=/dev/fd/8 \
  slirp4netns --configure --mtu=65520 --disable-host-loopback --ready-fd=3 $$ tap0 \
  3>/mnt/ready >/mnt/said 2>&1 &
if [ "$(head -c 1 /mnt/ready)" != 1 ]; then
  cat /mnt/said >&2
  echo "no way out of a network of one's own could be made" >&2
  exit 1
fi
# A resolver on the host's loopback can't be asked from here; the NAT passes questions on to it.
echo "nameserver 10.0.2.3" >/mnt/resolv.conf
mount --bind /mnt/resolv.conf /etc/resolv.conf
umount --lazy /mnt
exec 8<&- 9<&-
node=$OWN_NETWORK_NODE
unset OWN_NETWORK OWN_NETWORK_NODE
exec "$node" "$@"
