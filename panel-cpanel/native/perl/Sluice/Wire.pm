package Sluice::Wire;

# The way from cPanel's own Perl to the panel server: one request over a unix socket that only root opens, one answer back.
#
# Who asks is told by headers (Sluice-Panel-*) that are written here from what the caller of this module has proved; of what a browser
# sent, only the headers of a closed list are passed on, by their own names, so that none of it can be taken for ours. Everything is
# bounded: the query, the body, the answer, the time. No process is started and no environment is handed on.
# What comes back is shown in a page of WHM, so it is taken from root or from the panel server's own user alone: the kernel says who listens.
# HTTP/1.0 on the wire, so that an answer is never in chunks and ends with the connection.
# Core modules only. Not here: who may ask (whm/index.cgi, admin/Sluice/Pages.pm).

use strict;
use warnings;

use Errno            ();
use IO::Select       ();
use IO::Socket::UNIX ();
use Socket           qw(SOCK_STREAM SOL_SOCKET SO_PEERCRED);
use Time::HiRes      ();

our $VERSION = '1.0';

my $SOCKET_PATH      = '/run/sluice/panel.sock';
my $PANEL_USER       = 'sluice-panel';
my $SECONDS_MAX      = 35;
my $BODY_BYTES_MAX   = 64 * 1024;
my $QUERY_BYTES_MAX  = 8 * 1024;
my $HEADER_BYTES_MAX = 2 * 1024;
my $ANSWER_BYTES_MAX = 8 * 1024 * 1024;
my $READ_BYTES       = 64 * 1024;

# What is passed on of a browser's headers, in the name that the pages read. None that holds an address: the session's token stands in it.
my @PASSED = qw(
  Accept Content-Type If-None-Match Sec-Fetch-Site
  Hx-Request Hx-History-Restore-Request
);

# What is passed back of the answer's headers.
my %RETURNED = map { $_ => 1 } qw(
  cache-control content-disposition content-security-policy content-type cross-origin-embedder-policy
  cross-origin-resource-policy etag hx-location hx-push-url hx-redirect hx-refresh hx-replace-url hx-reselect hx-reswap
  hx-retarget hx-trigger location permissions-policy referrer-policy retry-after vary x-content-type-options x-frame-options
);

# Those are addresses: only pages of ours.
my %ADDRESS = map { $_ => 1 } qw(hx-location hx-redirect location);

# Names of the headers that may be passed on.
sub passed_headers {
    return @PASSED;
}

# Bytes that a body may have.
sub body_bytes_max {
    return $BODY_BYTES_MAX;
}

# ask(method => .., query => .., body => .., headers => { Name => value }, who => { panel, user, role, token, as })
# Answers { status, headers => [ [ name, value ], .. ], body }, or { fault => 'refused'|'away'|'late'|'broken', status }.
sub ask {
    my (%asked) = @_;
    my $body = defined $asked{body} ? $asked{body} : q{};
    my $request = _request( \%asked, $body );
    return $request if ref $request;

    my $deadline = Time::HiRes::time() + $SECONDS_MAX;
    my $socket = IO::Socket::UNIX->new( Type => SOCK_STREAM, Peer => $SOCKET_PATH );
    return _fault( 'away', 503 ) if !$socket || !_is_panel($socket);
    $socket->blocking(0);
    my $fault = _send( $socket, $request, $deadline );
    return $fault if $fault;
    return _receive( $socket, $deadline );
}

sub _fault {
    my ( $fault, $status ) = @_;
    return { fault => $fault, status => $status };
}

# Whether root (who passes sockets at a start) or the panel server has begun to listen there, and no other program of this server: unix(7),
# SO_PEERCRED.
sub _is_panel {
    my ($socket) = @_;
    my $peer = getsockopt $socket, SOL_SOCKET, SO_PEERCRED;
    return 0 if !defined $peer;
    my ( undef, $uid ) = unpack 'i3', $peer;
    my $panel = getpwnam $PANEL_USER;
    return $uid == 0 || ( defined $panel && $uid == $panel );
}

# The request's bytes, or a fault.
sub _request {
    my ( $asked, $body ) = @_;
    my $method = $asked->{method};
    return _fault( 'refused', 405 ) if !defined $method || $method !~ m/\A(?:GET|HEAD|POST)\z/;
    return _fault( 'refused', 413 ) if length $body > $BODY_BYTES_MAX;

    # A space, a line end or a byte beyond ASCII would end the request line or be read differently by two programs.
    my $query = defined $asked->{query} ? $asked->{query} : q{};
    $query =~ s/([^\x21-\x7e])/sprintf '%%%02X', ord $1/ge;
    return _fault( 'refused', 414 ) if length $query > $QUERY_BYTES_MAX;

    my @lines = ( "$method /?$query HTTP/1.0", 'Host: panel', 'Connection: close' );
    my $headers = $asked->{headers} || {};
    for my $name (@PASSED) {
        my $value = $headers->{$name};
        next if !defined $value || length $value > $HEADER_BYTES_MAX || $value !~ m/\A[\x20-\x7e\x80-\xff]+\z/;
        push @lines, "$name: $value";
    }
    push @lines, 'Content-Length: ' . length $body if $method eq 'POST';

    my $who = $asked->{who};
    for my $name (qw(user role token)) {
        return _fault( 'refused', 403 ) if !defined $who->{$name} || $who->{$name} !~ m/\A[A-Za-z0-9_.-]{1,64}\z/;
    }
    push @lines, "Sluice-Panel: $who->{panel}", "Sluice-Panel-User: $who->{user}", "Sluice-Panel-Role: $who->{role}",
      "Sluice-Panel-Token: $who->{token}";
    push @lines, "Sluice-Panel-As: $who->{as}" if defined $who->{as} && $who->{as} =~ m/\A[A-Za-z0-9_.-]{1,64}\z/;
    return join( "\r\n", @lines ) . "\r\n\r\n" . ( $method eq 'POST' ? $body : q{} );
}

sub _is_for_later {
    return $!{EAGAIN} || $!{EWOULDBLOCK} || $!{EINTR};
}

# Undefined when all of it is sent.
sub _send {
    my ( $socket, $request, $deadline ) = @_;
    local $SIG{PIPE} = 'IGNORE';
    my $ready = IO::Select->new($socket);
    my $sent  = 0;
    while ( $sent < length $request ) {
        my $left = $deadline - Time::HiRes::time();
        return _fault( 'late', 504 ) if $left <= 0 || !$ready->can_write($left);
        my $count = syswrite $socket, $request, length($request) - $sent, $sent;
        if ( defined $count ) { $sent += $count; }
        elsif ( !_is_for_later() ) { return _fault( 'away', 503 ); }
    }
    return;
}

sub _receive {
    my ( $socket, $deadline ) = @_;
    my $ready = IO::Select->new($socket);
    my $text  = q{};
    while (1) {
        my $left = $deadline - Time::HiRes::time();
        return _fault( 'late', 504 ) if $left <= 0 || !$ready->can_read($left);
        my $count = sysread $socket, $text, $READ_BYTES, length $text;
        if ( !defined $count ) {
            next if _is_for_later();
            return _fault( 'away', 503 );
        }
        last if $count == 0;
        return _fault( 'broken', 502 ) if length $text > $ANSWER_BYTES_MAX;
    }
    return _answer($text);
}

sub _answer {
    my ($text) = @_;
    my $end = index $text, "\r\n\r\n";
    return _fault( 'away', 503 ) if $end < 0;
    my ( $first, @lines ) = split /\r\n/, substr $text, 0, $end;
    my $body = substr $text, $end + 4;
    return _fault( 'broken', 502 ) if $first !~ m{\AHTTP/1\.[01] ([2-5][0-9][0-9])(?: |\z)};
    my $status = $1;

    my @headers;
    for my $line (@lines) {
        my ( $name, $value ) = $line =~ m/\A([A-Za-z-]+): *([\x20-\x7e\x80-\xff]*)\z/ or next;
        $name = lc $name;
        return _fault( 'broken', 502 ) if $name eq 'content-length' && length $body && $value != length $body;
        next if !$RETURNED{$name};
        next if $ADDRESS{$name} && $value !~ m/\A\?p=/;
        push @headers, [ $name, $value ];
    }
    return { status => $status, headers => \@headers, body => $body };
}

my %MEANS = (
    400 => 'The request could not be read.',
    403 => 'These pages may be opened by whoever is logged in to the panel and was given the right to them.',
    405 => 'That is no way to ask for a page.',
    411 => 'The request does not say how long it is.',
    413 => 'The form is larger than any of ours. Nothing was done.',
    414 => 'The address is longer than any of ours.',
    502 => 'The page came back broken. If you have just done something, look whether it was done before doing it again.',
    503 => 'The pages cannot be shown at the moment, because the program that draws them does not answer.',
    504 => 'The page did not come in time. If you have just done something, look whether it was done before doing it again.',
);

my $STYLE = 'body{font:15px/1.5 sans-serif;color:#1f2933;max-width:44rem;margin:3rem auto;padding:0 1rem}h1{font-size:1.3rem}';

# A whole page that says what has failed and what it means for mail. Holds nothing that anybody sent.
sub fault_page {
    my ( $status, $hint ) = @_;
    my $says = $MEANS{$status} || $MEANS{502};
    my $mail =
      $status >= 500
      ? '<p>Mail goes on: it is sent by another program, and limits, holds and queues stay as they are.</p>'
      : q{};
    my $more = defined $hint ? "<p>$hint</p>" : q{};
    return
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Sluice</title>'
      . "<style>$STYLE</style></head><body><h1>Sluice</h1><p>$says</p>$mail$more</body></html>\n";
}

# The headers of that page.
sub fault_headers {
    return (
        [ 'content-type',            'text/html; charset=utf-8' ],
        [ 'cache-control',           'no-store' ],
        [ 'content-security-policy', q{default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'} ],
        [ 'x-content-type-options',  'nosniff' ],
    );
}

1;
