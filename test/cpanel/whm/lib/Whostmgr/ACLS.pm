package Whostmgr::ACLS;

# Stand-in, written from the documented interface: init_acls(), hasroot(), checkacl(NAME). Rights are read from /var/cpanel/resellers
# (`user:right,right`), for the user in REMOTE_USER.

use strict;
use warnings;

my %acls;

sub init_acls {
    %acls = ();
    my $user = $ENV{REMOTE_USER};
    $acls{all} = 1 if $user eq 'root';
    open my $file, '<', '/var/cpanel/resellers' or return;
    while ( my $line = <$file> ) {
        chomp $line;
        my ( $name, $rights ) = split /:/, $line, 2;
        next if $name ne $user;
        $acls{$_} = 1 for split /,/, $rights;
    }
    close $file or die "close: $!";
    return;
}

sub hasroot {
    return $acls{all} ? 1 : 0;
}

sub checkacl {
    my ($name) = @_;
    return $acls{all} || $acls{$name} ? 1 : 0;
}

1;
