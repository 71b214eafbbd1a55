package Cpanel::AdminBin::Call;

# Stand-in: call(NAMESPACE, MODULE, ACTION, ARGUMENTS..) asks cpsrvd's stand-in, which runs the Admin module as root. An exception there
# is a generic one here.

use strict;
use warnings;

use IO::Socket::UNIX ();
use JSON::PP         ();
use Socket           qw(SOCK_STREAM);

sub call {
    my ( $namespace, $module, $action, @arguments ) = @_;
    my $socket = IO::Socket::UNIX->new( Type => SOCK_STREAM, Peer => "$ENV{STANDIN_SOCKETS}/admin" ) or die "no admin server\n";
    print {$socket} JSON::PP::encode_json(
        { namespace => $namespace, module => $module, action => $action, arguments => \@arguments } ), "\n";
    $socket->flush();
    my $line = <$socket>;
    my $answer = JSON::PP::decode_json($line);
    die "The admin module failed.\n" if !$answer->{ok};
    return $answer->{value};
}

1;
