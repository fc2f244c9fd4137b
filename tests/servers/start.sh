# Starts every server that is to be had, says which, and stops them in the end, whatever the end is. Sourced from the root of the repository by
# what needs servers: tests/run and tests/bench/with-servers. Where one runs already, say so in its variable.

engines=(redis redis_sentinel redis_cluster memcached postgres mysql browser)
declare -A variables=(
  [redis]=SESSIONS_TEST_REDIS
  [redis_sentinel]=SESSIONS_TEST_REDIS_SENTINEL
  [redis_cluster]=SESSIONS_TEST_REDIS_CLUSTER
  [memcached]=SESSIONS_TEST_MEMCACHED
  [postgres]=SESSIONS_TEST_POSTGRES
  [mysql]=SESSIONS_TEST_MYSQL
  [browser]=SESSIONS_TEST_BROWSER
)

source tests/servers/server.sh
for engine in "${engines[@]}"; do source "tests/servers/$engine.sh"; done

run=$(mktemp -d "${TMPDIR:-/tmp}/sessions-tests.XXXXXX")
mkdir "$run/pid" "$run/env" "$run/version"

finish() {
  local status=$?
  trap - EXIT INT TERM HUP
  stop_servers
  rm -rf "$run" || true
  exit "$status"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# Prints why an engine cannot be started; nothing if it can.
missing() {
  if ! "$1_program"; then
    local package=$1_package
    printf 'not installed: apt-get install %s' "${!package}"
  fi
}

# Prints the last line that an engine has left behind, or the script that starts it.
last_words() {
  local folder=$run/${1//_/-}
  cat "$folder"/*/log "$folder"/log* "$folder"/*.log "$folder".log "$run/$1.start" 2>/dev/null | grep -v '^[[:space:]]*$' | tail -n 1 || true
}

# What each engine is, or why it is not.
declare -A states=()

# Installs what is missing (on Debian and Ubuntu, as root or where sudo asks for no password), starts all at once, and exports where they are.
start_servers() {
  local packages=() starting=() engine package variable reason pid began
  for engine in "${engines[@]}"; do
    if [ -n "${!variables[$engine]:-}" ]; then continue; fi # Somebody has one running for us.
    package=${engine}_package
    case " ${packages[*]:-} " in
      *" ${!package} "*) ;;
      *) if [ -n "$(missing "$engine")" ]; then packages+=("${!package}"); fi ;;
    esac
  done
  if [ "${#packages[@]}" -gt 0 ]; then
    if ! has apt-get; then
      echo "cannot install ${packages[*]} here: there is no apt-get"
    elif ! can_be_root; then
      echo "cannot install ${packages[*]}: neither root, nor is there a sudo that asks for no password"
    else
      echo "installing ${packages[*]}"
      install_packages "${packages[@]}" || { echo 'that failed:'; tail -n 5 "$run/install.log"; }
    fi
  fi

  began=$SECONDS
  for engine in "${engines[@]}"; do
    if [ -n "${!variables[$engine]:-}" ] || [ -n "$(missing "$engine")" ]; then continue; fi
    # One that does not start is one that is missing; the others are to be tested all the same.
    (
      set -e
      "${engine}_start"
    ) >"$run/$engine.start" 2>&1 &
    starting+=($!)
  done
  for pid in "${starting[@]:+${starting[@]}}"; do wait "$pid" || true; done

  for engine in "${engines[@]}"; do
    variable=${variables[$engine]}
    if [ -n "${!variable:-}" ]; then
      states[$engine]="as \$$variable says"
    elif [ -e "$run/env/$variable" ]; then
      export "$variable=$(cat "$run/env/$variable")"
      states[$engine]=$(cat "$run/version/$variable")
    else
      reason=$(missing "$engine")
      if [ -z "$reason" ]; then reason="does not start: $(last_words "$engine")"; fi
      states[$engine]="MISSING, $reason"
    fi
    printf '%-15s %s\n' "$engine" "${states[$engine]}"
  done
  echo "in $((SECONDS - began)) seconds"
}
