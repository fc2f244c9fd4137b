# Two memcacheds, as a client spreads its keys over several.

memcached_package=memcached

memcached_program() { has memcached; }

memcached_start() {
  local port number addresses=
  mkdir -p "$run/memcached"
  for number in 1 2; do
    port=$(free_port $((17000 + 500 * number)) 500)
    # As root it wants to be told that it may.
    launch "$run/memcached/log-$number" memcached --listen=127.0.0.1 --port="$port" --udp-port=0 --user="$(id -un)" --max-item-size=8m \
      --memory-limit="${memcached_megabytes:-64}"
    await 'memcached' listens "$port"
    addresses=$addresses${addresses:+,}127.0.0.1:$port
  done
  publish SESSIONS_TEST_MEMCACHED "$addresses" "$(memcached --version)"
}
