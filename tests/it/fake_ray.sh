#!/bin/sh
# Stands for Ray's program in the tests: a job runs here, and files in $FAKE_RAY say what befalls it.
[ "$1" = job ] || exit 2
verb=$2
shift 2
echo "$verb $*" >> "$FAKE_RAY/log"
if [ -e "$FAKE_RAY/away" ]; then
    echo "ConnectionError: Failed to connect to Ray at address: http://nowhere:8265." >&2
    exit 1
fi
id=
while [ $# -gt 0 ]; do
    case $1 in
        --submission-id) id=$2; shift 2 ;;
        --address | --entrypoint-num-cpus | --log-color | --runtime-env-json) shift 2 ;;
        --follow) shift ;;
        --) shift; break ;;
        *) id=$1; shift ;;
    esac
done
state=$FAKE_RAY/$id
case $verb in
    submit)
        echo "Status for job '$id': RUNNING" > "$state"
        if [ -e "$FAKE_RAY/blind" ]; then
            printf "Job '%s' failed\nStatus message: Job entrypoint command failed with exit code 2, last available logs:\nsh: cannot open\n" "$id" > "$state"
            exit 1
        fi
        "$@" &
        pid=$!
        echo "$pid" > "$state.pid"
        # A node dies once its trial has learned something.
        if [ -e "$FAKE_RAY/dies" ]; then
            rm "$FAKE_RAY/dies"
            trial=$3
            until grep -qs '"step":20,' "$(dirname "$2")/../$trial/events.jsonl"; do sleep 0.01; done
            kill -9 "$pid"
            wait "$pid"
            printf "Job '%s' failed\nStatus message: The actor died unexpectedly before finishing this task.\n" "$id" > "$state"
            exit 1
        fi
        wait "$pid"
        code=$?
        if [ "$code" = 0 ]; then
            echo "Job '$id' succeeded" > "$state"
        elif [ -e "$state.stopped" ]; then
            echo "Job '$id' was stopped" > "$state"
        else
            printf "Job '%s' failed\nStatus message: Job entrypoint command failed with exit code %s. No logs available.\n" "$id" "$code" > "$state"
        fi
        [ "$code" = 0 ] || exit 1
        ;;
    status) cat "$state" ;;
    stop)
        : > "$state.stopped"
        kill -TERM "$(cat "$state.pid")"
        ;;
    *) exit 2 ;;
esac
