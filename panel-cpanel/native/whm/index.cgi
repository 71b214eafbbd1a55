#!/usr/local/cpanel/3rdparty/bin/perl

# Sluice inside WHM: checks who is logged in, prints WHM's frame around ours, and passes everything else to the panel server.
#
# cpsrvd runs this as root whoever asks, so the rights are decided here and nowhere before: root (or a reseller with all rights) is an
# administrator, a reseller with the right `software-Sluice` is that reseller, everybody else gets a page that says so. The name is
# REMOTE_USER, which cpsrvd sets; nothing that the browser sends is asked who it is.
# Without `p` in the query: WHM's header and footer with one frame of this same script. With it: the page itself.
# No process is started here, so the environment goes nowhere. Tried under -T with stand-ins of WHM's modules; not set in the first
# line, because nobody has tried it with theirs.

use strict;
use warnings;

use lib '/usr/local/cpanel';

use Digest::SHA       ();
use Whostmgr::ACLS    ();

require '/var/cpanel/perl/Sluice/Wire.pm';

my $RIGHT  = 'software-Sluice';
my $FOLDER = '/usr/local/cpanel/whostmgr/docroot/cgi/sluice';

exit main();

sub main {
    binmode STDIN;
    binmode STDOUT;
    my $who = visitor();
    return fault(403) if !$who;
    my $method = defined $ENV{REQUEST_METHOD} ? $ENV{REQUEST_METHOD} : q{};
    my $query  = defined $ENV{QUERY_STRING}   ? $ENV{QUERY_STRING}   : q{};
    return frame($query) if $method eq 'GET' && $query !~ m/(?:\A|&)p=/;
    return page( $who, $method, $query );
}

# Who is logged in and may see something; undefined: nobody who may.
sub visitor {
    my ($user) = ( defined $ENV{REMOTE_USER} ? $ENV{REMOTE_USER} : q{} ) =~ m/\A([A-Za-z0-9_][A-Za-z0-9_.-]{0,63})\z/;
    return if !defined $user;
    Whostmgr::ACLS::init_acls();
    my $role =
        Whostmgr::ACLS::hasroot()          ? 'admin'
      : Whostmgr::ACLS::checkacl($RIGHT) ? 'reseller'
      :                                    undef;
    my $token = session_token();
    return if !defined $role || !defined $token;
    return { panel => 'whm', user => $user, role => $role, token => $token };
}

# What forms are bound to: a hash of the security token in the address, else of the session's cookie. Undefined: there is no session of
# a browser (an API token, say), so there are no pages either; whoever authorizes a single request can make up the signs of a session.
sub session_token {
    return if defined $ENV{HTTP_AUTHORIZATION};
    for my $text ( $ENV{cp_security_token}, $ENV{REQUEST_URI} ) {
        return Digest::SHA::sha256_hex("token $1") if defined $text && $text =~ m{\A/?(cpsess[0-9]+)(?:/|\z)};
    }
    return Digest::SHA::sha256_hex("session $1")
      if defined $ENV{HTTP_COOKIE} && $ENV{HTTP_COOKIE} =~ m/(?:\A|;\s*)(?:whostmgr|cp)session=([^;\s]{8,512})/;
    return;
}

sub frame {
    my ($query) = @_;
    my $chrome = eval { require Whostmgr::HTMLInterface; Whostmgr::HTMLInterface->can('defheader') };
    my ($to) = $query =~ m/(?:\A|&)to=([^&]*)/;
    $to = defined $to ? $to : '/';
    $to =~ tr/+/ /;
    $to =~ s/%([0-9A-Fa-f]{2})/chr hex $1/ge;
    $to =~ s/ /%20/g;
    $to = '/' if $to !~ m{\A/(?![/\\])[A-Za-z0-9_./~:\@+%?=&;!'()*,-]{0,500}\z};
    $to =~ s/&/&amp;/g;
    local $| = 1;
    print "Content-Type: text/html; charset=utf-8\r\nCache-Control: no-store\r\n\r\n";
    # Should a version of WHM have no such module any more, the pages still stand, only without its header.
    if   ($chrome) { Whostmgr::HTMLInterface::defheader( 'Sluice', q{}, '/cgi/sluice/index.cgi' ); }
    else           { print qq{<!doctype html><html lang="en"><head><title>Sluice</title></head><body style="margin:0">\n}; }
    print qq{<iframe data-sluice src="?p=$to" title="Sluice" style="display:block;width:100%;height:calc(100vh - 120px);}
      . qq{min-height:480px;border:0"></iframe>\n};
    my $files = files_folder();
    print qq{<script src="$files/frame.js" defer></script>\n} if defined $files;
    if   ($chrome) { Whostmgr::HTMLInterface::deffooter(); }
    else           { print "</body></html>\n"; }
    return 0;
}

# The folder with the files of the pages beside this script; its name says what is in it. The youngest, should there be two.
sub files_folder {
    opendir my $folder, $FOLDER or return;
    my @found = map { m/\A(assets-[0-9a-f]{8,64})\z/ ? [ $1, ( stat "$FOLDER/$1" )[9] || 0 ] : () } readdir $folder;
    closedir $folder;
    return if !@found;
    return ( sort { $b->[1] <=> $a->[1] || $b->[0] cmp $a->[0] } @found )[0][0];
}

sub page {
    my ( $who, $method, $query ) = @_;
    my $body = q{};
    if ( $method eq 'POST' ) {
        my $length = defined $ENV{CONTENT_LENGTH} ? $ENV{CONTENT_LENGTH} : q{};
        return fault(411) if $length !~ m/\A[0-9]{1,9}\z/;
        return fault(413) if $length > Sluice::Wire::body_bytes_max();
        while ( length $body < $length ) {
            my $count = read STDIN, $body, $length - length $body, length $body;
            return fault(400) if !$count;
        }
    }
    my %headers;
    for my $name ( Sluice::Wire::passed_headers() ) {
        ( my $key = uc $name ) =~ tr/-/_/;
        $headers{$name} = $ENV{ $name eq 'Content-Type' ? $key : "HTTP_$key" };
    }
    my $answer = Sluice::Wire::ask(
        method  => $method,
        query   => $query,
        body    => $body,
        headers => \%headers,
        who     => $who,
    );
    return fault( $answer->{status}, $who->{role} ) if $answer->{fault};
    return answer( $answer->{status}, $answer->{headers}, $method eq 'HEAD' ? q{} : $answer->{body} );
}

sub fault {
    my ( $status, $role ) = @_;
    my $hint =
      $status == 503 && defined $role && $role eq 'admin'
      ? 'To see why: <code>systemctl status sluice-panel</code>, and <code>sluice status</code> for the relay itself.'
      : undef;
    return answer( $status, [ Sluice::Wire::fault_headers() ], Sluice::Wire::fault_page( $status, $hint ) );
}

sub answer {
    my ( $status, $headers, $body ) = @_;
    print "Status: $status\r\n", ( map {"$_->[0]: $_->[1]\r\n"} @{$headers} ), "\r\n", $body;
    return 0;
}
