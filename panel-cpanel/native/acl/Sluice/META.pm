package Cpanel::Config::ConfigObj::Driver::Sluice::META;

# What WHM shows of the right `software-Sluice`. Must not load the driver.

use strict;
use warnings;

use parent qw(Cpanel::Config::ConfigObj::Interface::Config::Version::v1);

our $VERSION = '1.0';

sub meta_version {
    return 1;
}

sub get_driver_name {
    return 'Sluice_driver';
}

sub content {
    return {
        vendor => 'Sluice',
        url    => 'https://sluice.example/',
        name   => {
            short  => 'Sluice',
            long   => 'Sluice: outgoing mail relay',
            driver => get_driver_name(),
        },
        since    => 'cPanel & WHM version 110',
        version  => $VERSION,
        readme   => 'Lets a reseller see the outgoing mail of own accounts and set their limits.',
        abstract => 'Outgoing mail of own accounts: what was sent, what waits or is held and why, and their limits.',
    };
}

sub showcase {
    return;
}

1;
