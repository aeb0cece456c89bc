# The other end of `attune sweep --ssh`, which writes this file and calls it: one word says what to do.
#
# It needs a POSIX shell, tar, awk and a program that sums. What is sent lies once in files, by its sum, for all sweeps;
# a sweep has a folder with links to it, the configurations of its trials, and their runs until they are fetched.
set -u
here=$(cd "$(dirname "$0")" && pwd -P) || exit 70
cd "$here" || exit 70
files=$here/../../files
tab=$(printf '\t')
if command -v sha256sum >/dev/null 2>&1; then sum=sha256sum; else sum='shasum -a 256'; fi

# Ends a training that was left behind, which writes down what it learned, and waits for it.
leave() {
    old=$(cat "runs/$1.pid" 2>/dev/null) || return 0
    case $(ps -p "$old" -o args= 2>/dev/null) in
        *"trials/$1.toml"*) ;;
        *) return 0 ;;
    esac
    kill -TERM "$old" 2>/dev/null
    tries=0
    while kill -0 "$old" 2>/dev/null && [ "$tries" -lt 120 ]; do
        sleep 1
        tries=$((tries + 1))
    done
}

verb=$1
shift
case $verb in
    # A tar of files by their sums, of configurations, and of a list that says where each file has its place.
    receive)
        rm -rf new
        mkdir new && tar -xf - -C new || exit 74
        if [ -d new/files ]; then
            # shellcheck disable=SC2086
            wrong=$(cd new/files && find . -type f -exec $sum {} + |
                awk '{ name = $2; sub(/^[*]?[.]\//, "", name); if ($1 != name) print name }')
            for name in $wrong; do echo "ATTUNE wrong $name"; done
            [ -z "$wrong" ] || exit 75
            (cd new/files && find . -type f -exec sh -c 'mv -f "$@" "$0"' "$files" {} +) || exit 74
        fi
        (cd new/trials && find . -type f -exec sh -c 'mv -f "$@" "$0"' "$here/trials" {} +) || exit 74
        last=
        while IFS=$tab read -r name path; do
            folder=${path%/*}
            if [ "$folder" != "$last" ]; then
                mkdir -p "$folder" || exit 74
                last=$folder
            fi
            # Where a disk knows no second name for a file, it is copied.
            ln -f "$files/$name" "$path" 2>/dev/null || cp "$files/$name" "$path" || exit 74
        done < new/places
        rm -rf new
        ;;
    # A program, of the sum that is named.
    program)
        place=../../program/$1
        mkdir -p "$place" && cat > "$place/attune.part" || exit 74
        # shellcheck disable=SC2086
        if [ "$($sum "$place/attune.part" | cut -c1-64)" != "$1" ]; then
            echo "ATTUNE wrong $1"
            exit 75
        fi
        chmod 755 "$place/attune.part" && mv -f "$place/attune.part" "$place/attune" || exit 74
        ;;
    # The folder of a run that was begun elsewhere.
    put)
        rm -rf "runs/$1.new"
        mkdir "runs/$1.new" && tar -xf - -C "runs/$1.new" || exit 74
        rm -rf "runs/$1" && mv "runs/$1.new" "runs/$1" || exit 74
        ;;
    # Trains, and ends as a training ends that is asked to when the other end of standard input goes: on request, and
    # when the connection is cut.
    train)
        name=$1 threads=$2 program=$3
        leave "$name"
        if grep -qs '"event": *"finished"' "runs/$name/events.jsonl"; then
            cat "runs/$name/events.jsonl"
            exit 0
        fi
        export HF_HUB_OFFLINE=1 HF_HUB_CACHE="$here/hub"
        [ "$threads" = 0 ] || export RAYON_NUM_THREADS="$threads"
        exec 3<&0
        "$program" train "trials/$name.toml" --resume --events - </dev/null 3<&- &
        pid=$!
        echo "$pid" > "runs/$name.pid"
        (
            read -r _ <&3
            kill -TERM "$pid"
        ) >/dev/null 2>&1 &
        watch=$!
        wait "$pid"
        status=$?
        kill "$watch" 2>/dev/null
        rm -f "runs/$name.pid"
        exit "$status"
        ;;
    fetch)
        leave "$1"
        cd "runs/$1" && exec tar -cf - .
        ;;
    drop)
        rm -rf "runs/$1" "runs/$1.pid"
        ;;
    # What was sent stays in files for the next sweep.
    clear)
        cd / && exec rm -rf "$here"
        ;;
    *)
        echo "there is nothing called $verb here" >&2
        exit 64
        ;;
esac
