package Whostmgr::HTMLInterface;

# Stand-in: prints some header and footer around a page, as defheader(TITLE, ICON, ADDRESS) and deffooter() do.

use strict;
use warnings;

sub defheader {
    my ($title) = @_;
    print qq{<!doctype html><html lang="en"><head><meta charset="utf-8"><title>WHM: $title</title></head>}
      . qq{<body style="margin:0"><header id="whm">WebHost Manager</header><main>\n};
    return;
}

sub deffooter {
    print qq{</main><footer id="whm-footer">WHM</footer></body></html>\n};
    return;
}

1;
