# A Redis, its replica, and three sentinels that watch them as `sessions`.

redis_sentinel_package=redis-server

redis_sentinel_program() { redis_server >/dev/null; }

redis_sentinel_start() {
  local folder=$run/redis-sentinel primary replica port number urls=
  primary=$(free_port 20500 250)
  replica=$(free_port 20750 250)
  launch_redis "$folder/primary" "$primary"
  launch_redis "$folder/replica" "$replica" --replicaof 127.0.0.1 "$primary"
  await 'Redis, the primary' redis_answers "$primary"
  for number in 1 2 3; do
    port=$(free_port $((21000 + 300 * number)) 300)
    mkdir -p "$folder/$number"
    # A sentinel writes down what it learns, so it wants a file of its own.
    printf 'sentinel monitor sessions 127.0.0.1 %s 2\nsentinel down-after-milliseconds sessions 5000\n' "$primary" \
      >"$folder/$number/sentinel.conf"
    launch "$folder/$number/log" "$(redis_server)" "$folder/$number/sentinel.conf" --sentinel \
      --port "$port" --bind 127.0.0.1 --dir "$folder/$number"
    urls=$urls${urls:+,}redis://127.0.0.1:$port
  done
  for port in $(printf '%s' "$urls" | tr , '\n' | sed 's/.*://'); do
    await 'a quorum of sentinels' sentinel_knows_all "$port"
  done
  publish SESSIONS_TEST_REDIS_SENTINEL "$urls" "$(redis_version "$primary")"
}

sentinel_knows_all() {
  redis_cli -p "$1" sentinel ckquorum sessions | grep -q '3 usable' &&
    redis_cli -p "$1" sentinel replicas sessions | grep -q 127.0.0.1
}
