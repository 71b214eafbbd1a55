package Cpanel::Admin::Modules::Sluice::Pages;

# The Admin module of cPanel's page: runs as root, asks cPanel who the caller is, and passes the request to the panel server as that
# account and nobody else. Nothing among the arguments says who asks.
#
# REQUEST(method, query, headers, body, token), as in the UAPI module. `token` binds forms to the caller's session. The caller could
# make one up, and would then only be bound to that: the account's name is in the binding too.
# Who really sits there when root or a reseller has opened a user's cPanel is not told to Admin modules by any documented way, so
# `Sluice-Panel-As` is not sent: an `as` that the user's own process could choose would put words into the audit.

use strict;
use warnings;

use parent 'Cpanel::Admin::Base';

use constant _actions => ('REQUEST');

our $VERSION = '1.0';

my $FEATURE = 'sluice';

sub REQUEST {
    my ( $self, $method, $query, $headers, $body, $token ) = @_;
    require MIME::Base64;
    require '/var/cpanel/perl/Sluice/Wire.pm';
    $self->cpuser_has_feature_or_die($FEATURE);

    # Base64 of the largest body that is passed on; what is longer is not even decoded.
    my $most = int( Sluice::Wire::body_bytes_max() * 4 / 3 ) + 1024;
    for my $text ( $query, $headers, $body ) {
        $text = defined $text ? $text : q{};
        return _fault(413) if length $text > $most;
        $text = MIME::Base64::decode_base64($text);
    }
    return _fault(403) if !defined $token || $token !~ m/\A[0-9a-f]{64}\z/;

    my $answer = Sluice::Wire::ask(
        method  => $method,
        query   => $query,
        body    => $body,
        headers => { $headers =~ m/^([A-Za-z-]+): (.*)$/mg },
        who     => { panel => 'cpanel', user => $self->get_caller_username(), role => 'account', token => $token },
    );
    return $answer->{fault} ? _fault( $answer->{status} ) : _answer( @{$answer}{qw(status headers body)} );
}

sub _fault {
    my ($status) = @_;
    return _answer( $status, [ Sluice::Wire::fault_headers() ], Sluice::Wire::fault_page($status) );
}

sub _answer {
    my ( $status, $headers, $body ) = @_;
    return {
        status  => $status + 0,
        headers => MIME::Base64::encode_base64( join( "\n", map {"$_->[0]: $_->[1]"} @{$headers} ), q{} ),
        body    => MIME::Base64::encode_base64( $body, q{} ),
    };
}

1;
