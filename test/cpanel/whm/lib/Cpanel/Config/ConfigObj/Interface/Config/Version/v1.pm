package Cpanel::Config::ConfigObj::Interface::Config::Version::v1;

# Stand-in of the base class of a right's metadata.

use strict;
use warnings;

1;
