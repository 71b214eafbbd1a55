package Cpanel::Config::ConfigObj::Driver::Sluice;

# The right `software-Sluice`: what root ticks for a reseller in "Edit Reseller Nameservers and Privileges". Off by default.

use strict;
use warnings;

use parent qw(Cpanel::Config::ConfigObj::Interface::Config::v1);

our $VERSION = '1.0';

sub init {
    my ( $class, $software ) = @_;
    return $class->SUPER::base( { thirdparty_ns => 'Sluice', meta => {} }, $software );
}

sub info {
    my ($self) = @_;
    return $self->meta()->abstract();
}

sub acl_desc {
    return [
        {
            acl              => 'software-Sluice',
            default_value    => 0,
            default_ui_value => 0,
            name             => 'Sluice: outgoing mail and limits of own accounts',
            acl_subcat       => 'Third-Party Services',
        },
    ];
}

1;
