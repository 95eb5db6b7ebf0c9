/**
 * Programs that can put a datagram on a unix socket, which Node can't. The first that is there is used.
 *
 * A sender that lives as long as the gateway costs a fraction of a millisecond for each message, and the supervisor can
 * always see whose it is; a program that is run for each message has often ended by the time it is looked at. Perl is
 * an essential package of Debian; Python stands on most other systems; `systemd-notify` comes with systemd itself.
 */
export interface NotifySender {
  readonly command: string;
  readonly args: readonly string[];
  /** Whether it reads messages from its standard input until that ends; else it is run for each, with its fields. */
  readonly lasting: boolean;
}

/** Stands between the fields of a message where it is one line. */
export const FIELD_END = "\u001F";

// Both take the address anew for each message: a supervisor that is started again may have made a new socket.
const PERL = String.raw`
use strict;
use Socket;
my $path = $ENV{NOTIFY_SOCKET};
$path =~ s/^\@/\0/;
socket(my $socket, AF_UNIX, SOCK_DGRAM, 0) or exit 1;
my $to = pack_sockaddr_un($path);
while (my $line = <STDIN>) {
  chomp $line;
  $line =~ tr/\x1f/\n/;
  send($socket, $line, 0, $to);
}
`;

const PYTHON = String.raw`
import os, socket, sys
path = os.environ["NOTIFY_SOCKET"]
to = "\0" + path[1:] if path.startswith("@") else path
sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
for line in sys.stdin.buffer:
    try:
        sock.sendto(line.rstrip(b"\n").replace(b"\x1f", b"\n"), to)
    except OSError:
        pass
`;

export const NOTIFY_SENDERS: readonly NotifySender[] = [
  { command: "perl", args: ["-e", PERL], lasting: true },
  { command: "python3", args: ["-c", PYTHON], lasting: true },
  { command: "systemd-notify", args: [], lasting: false },
];
