# What every engine needs to be started for a test run and stopped after it. Sourced by start.sh, which sets:
#
#   $run      a new folder for this run: one folder an engine in it, and
#   $run/pid  a file for each process that was started, named after its number
#   $run/env  a file for each variable that the tests are to see
#   $run/version  a file for each variable: the engine's version
#
# An engine's file defines <engine>_program (what must be installed), <engine>_package (where it comes from) and <engine>_start (which starts it,
# waits until it answers, and publishes its address). Everything is on loopback, on ports that were free, with nothing in the usual places.

# The folders where Debian keeps servers that are not for everybody's path.
PATH="$PATH:/usr/sbin:/usr/local/sbin"

is_root() { [ "$(id -u)" -eq 0 ]; }

has() { command -v "$1" >/dev/null 2>&1; }

# A port that nobody listens on, below those that the system gives to connections; with its cluster port, 10000 above.
# Two engines that start at once look in ranges of their own: free_port <first> <how many to choose from>
free_port() {
  local first=$1 range=$2 port try
  for try in $(seq 50); do
    port=$((first + RANDOM % range))
    if ! listens "$port" && ! listens $((port + 10000)); then
      echo "$port"
      return 0
    fi
  done
  echo "no free port between $first and $((first + range)), tried $try" >&2
  return 1
}

listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# When a process was started: the number alone may be another's, later.
born() { ps -o lstart= -p "$1" 2>/dev/null || true; }

# The processes that were started and still run.
running() {
  local file
  for file in "$run"/pid/*; do
    if [ -s "$file" ] && [ "$(born "${file##*/}")" = "$(cat "$file")" ]; then echo "${file##*/}"; fi
  done
}

# launch <log> <command>...: starts a process that outlives this shell, and writes down its number.
launch() {
  local log=$1
  shift
  # A group of its own: Ctrl-C ends the tests first, and then start.sh ends the servers.
  setsid "$@" >"$log" 2>&1 </dev/null &
  born "$!" >"$run/pid/$!"
}

# await <what> <command>...: waits until a command succeeds, for half a minute.
await() {
  local what=$1 try
  shift
  for try in $(seq 300); do
    if "$@" >/dev/null 2>&1; then return 0; fi
    sleep 0.1
  done
  echo "$what does not answer" >&2
  return 1
}

# publish <variable> <address> <version>
publish() {
  printf '%s' "$3" >"$run/version/$1"
  printf '%s' "$2" >"$run/env/$1"
}

# Ends what was started: first politely, after three seconds not.
stop_servers() {
  local try pids
  pids=$(running)
  # shellcheck disable=SC2086  # They are numbers.
  [ -z "$pids" ] || kill -TERM $pids 2>/dev/null || true
  for try in $(seq 30); do
    pids=$(running)
    [ -n "$pids" ] || return 0
    sleep 0.1
  done
  echo "killed after $try attempts to end them: $pids" >&2
  # shellcheck disable=SC2086
  kill -KILL $pids 2>/dev/null || true
}

# Runs a command as root: as we are, or by sudo if that asks for no password.
as_root() {
  if is_root; then "$@"; else sudo -n "$@"; fi
}

can_be_root() { is_root || { has sudo && sudo -n true 2>/dev/null; }; }

# install_packages <package>...: and does not start their services, which nobody asked for.
install_packages() {
  local policy=/usr/sbin/policy-rc.d own_policy='' status=0
  if [ ! -e "$policy" ]; then
    own_policy=yes
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
    as_root chmod 755 "$policy"
  fi
  {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get update &&
      as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"
  } >"$run/install.log" 2>&1 || status=$?
  if [ -n "$own_policy" ]; then as_root rm -f "$policy"; fi
  return "$status"
}
