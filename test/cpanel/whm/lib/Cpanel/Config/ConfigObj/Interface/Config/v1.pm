package Cpanel::Config::ConfigObj::Interface::Config::v1;

# Stand-in of the base class of a right's driver.

use strict;
use warnings;

sub base {
    my ( $class, $defaults, $software ) = @_;
    return bless { %{$defaults}, software => $software }, $class;
}

1;
