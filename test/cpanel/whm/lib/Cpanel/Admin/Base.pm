package Cpanel::Admin::Base;

# Stand-in, written from the documented interface: what an Admin module inherits. Features of users: /var/cpanel/features-of, `user:a,b`.

use strict;
use warnings;

sub new_for {
    my ( $class, $user ) = @_;
    return bless { user => $user }, $class;
}

sub get_caller_username {
    my ($self) = @_;
    return $self->{user};
}

sub cpuser_has_feature_or_die {
    my ( $self, $feature ) = @_;
    open my $file, '<', '/var/cpanel/features-of' or die "features: $!";
    my @lines = <$file>;
    close $file or die "close: $!";
    for my $line (@lines) {
        chomp $line;
        my ( $user, $features ) = split /:/, $line, 2;
        return if $user eq $self->{user} && grep { $_ eq $feature } split /,/, $features;
    }
    die "no feature $feature\n";
}

1;
