#!/bin/sh
# Miniflare starts workerd itself, through this: it tells the process's pid and, on Linux, ends it with its parent, even after a kill -9.
# WORKERD: path of the program. WORKERD_PID_FILE: where its pid goes.
echo $$ >"$WORKERD_PID_FILE"
if command -v setpriv >/dev/null; then exec setpriv --pdeathsig KILL "$WORKERD" "$@"; fi
exec "$WORKERD" "$@"
