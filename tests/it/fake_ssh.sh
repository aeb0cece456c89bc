#!/bin/sh
# Stands for ssh in the tests: a host is a folder in $FAKE_SSH, which is the home of whoever logs in, and files beside it
# say what befalls its connections.
while [ $# -gt 0 ]; do
    case $1 in
        -T) shift ;;
        -o) shift 2 ;;
        *) break ;;
    esac
done
host=$1
shift
echo "$host $*" >> "$FAKE_SSH/log"
if [ ! -d "$FAKE_SSH/$host" ]; then
    echo "ssh: Could not resolve hostname $host: Name or service not known" >&2
    exit 255
fi
if [ -e "$FAKE_SSH/$host.refuses" ]; then
    echo "me@$host: Permission denied (publickey)." >&2
    exit 255
fi
export HOME="$FAKE_SSH/$host"
unset XDG_CACHE_HOME XDG_DATA_HOME
cd "$HOME" || exit 255
case "$*" in
    *" train "*)
        # The connection is cut after some lines, and the host may be gone then.
        if [ -e "$FAKE_SSH/$host.cuts" ]; then
            lines=$(cat "$FAKE_SSH/$host.cuts")
            rm "$FAKE_SSH/$host.cuts"
            mkfifo "$HOME/said"
            exec 4<&0
            sh -c "$*" <&4 4<&- >"$HOME/said" &
            head -n "$lines" <"$HOME/said"
            rm "$HOME/said"
            if [ -e "$FAKE_SSH/$host.dies" ]; then
                kill -9 "$(cat "$HOME"/.cache/attune/sweeps/*/runs/*.pid)"
                mv "$FAKE_SSH/$host" "$FAKE_SSH/$host.gone"
            fi
            echo "client_loop: send disconnect: Broken pipe" >&2
            exit 255
        fi
        # What trains there is killed.
        if [ -e "$FAKE_SSH/$host.kills" ]; then
            rm "$FAKE_SSH/$host.kills"
            exit 137
        fi
        ;;
    *" receive"*)
        if [ -e "$FAKE_SSH/$host.full" ]; then
            echo "tar: ./files/x: Cannot write: No space left on device" >&2
            exit 74
        fi
        ;;
esac
exec sh -c "$*"
