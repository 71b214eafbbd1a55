package Cpanel::API::Sluice;

# The UAPI module of cPanel's page: takes what the page was asked for and gives it to the Admin module, which runs as root and knows who
# the caller is. It runs with the cPanel user's own rights and decides nothing; whatever it is given, the user could send anyway.
#
# One exception: somebody who reads a mailbox in Webmail runs functions as the account's user too, and is not the account.
#
# request(method, query, headers, body, token): `query`, `headers` (lines of `Name: value`) and `body` are base64, so that no layer
# between reads them as another character set. Answers { status, headers (base64), body (base64) }.

use strict;
use warnings;

use Cpanel::AdminBin::Call ();

our $VERSION = '1.0';

my @ARGUMENTS = qw(method query headers body token);

sub request {
    my ( $args, $result ) = @_;
    if ( defined $ENV{REMOTE_USER} && $ENV{REMOTE_USER} =~ m/\@/ ) {
        $result->error('A mailbox may not see the outgoing mail of its account.');
        return 0;
    }
    my @given = map { defined $_ ? $_ : q{} } $args->get(@ARGUMENTS);
    my $answer = eval { Cpanel::AdminBin::Call::call( 'Sluice', 'Pages', 'REQUEST', @given ) };
    if ( !$answer ) {
        $result->error('Outgoing mail cannot be shown for this account.');
        return 0;
    }
    $result->data($answer);
    return 1;
}

1;
