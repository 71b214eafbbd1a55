#!/bin/sh
# Takes Sluice off this server: the same as `sluice uninstall`, for who looks for a script. All options are passed on.
set -eu

command=/opt/sluice/current/bin/sluice
if [ ! -x "$command" ]; then
	echo "uninstall.sh: Sluice is not installed here ($command is missing)." >&2
	exit 1
fi
exec "$command" uninstall "$@"
