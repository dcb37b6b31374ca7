#!/usr/bin/perl
# service-manager.pl ADDRESS: hears what a service says, as systemd does: a datagram socket of sd_notify(3), at a path or, with
# "@", at an abstract name. Prints one line a datagram, its assignments separated by tabs.
use strict;
use warnings;
use Socket;
$| = 1;
my ($address) = @ARGV;
(my $name = $address) =~ s/^\@/\0/;
socket(my $socket, PF_UNIX, SOCK_DGRAM, 0) or die "socket: $!\n";
bind($socket, pack_sockaddr_un($name)) or die "bind: $!\n";
print "listening\n";
while (defined recv($socket, my $message, 65536, 0)) {
  print join("\t", split /\n/, $message), "\n";
}
