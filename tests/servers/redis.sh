# One Redis, or Valkey.

redis_package=redis-server

redis_program() { redis_server >/dev/null; }

redis_server() { command -v redis-server || command -v valkey-server; }

redis_cli() {
  local cli
  cli=$(command -v redis-cli || command -v valkey-cli)
  "$cli" -h 127.0.0.1 "$@"
}

# launch_redis <folder> <port> <option>...: one that keeps nothing on the disk.
launch_redis() {
  local folder=$1 port=$2
  shift 2
  mkdir -p "$folder"
  launch "$folder/log" "$(redis_server)" --port "$port" --bind 127.0.0.1 --dir "$folder" --save '' --appendonly no "$@"
}

redis_answers() { [ "$(redis_cli -p "$1" ping)" = PONG ]; }

redis_version() {
  redis_cli -p "$1" info server | tr -d '\r' |
    sed -n 's/^valkey_version:/Valkey /p; t; s/^redis_version:/Redis /p' | tail -n 1
}

redis_start() {
  local port
  port=$(free_port 20000 500)
  launch_redis "$run/redis" "$port"
  await 'Redis' redis_answers "$port"
  publish SESSIONS_TEST_REDIS "redis://127.0.0.1:$port" "$(redis_version "$port")"
}
