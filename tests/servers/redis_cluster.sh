# A cluster of three primaries with a replica each.

redis_cluster_package=redis-server

redis_cluster_program() { redis_server >/dev/null; }

redis_cluster_start() {
  local folder=$run/redis-cluster port number urls='' nodes=()
  for number in 1 2 3 4 5 6; do
    # The nodes talk to each other on a port that is 10000 higher.
    port=$(free_port $((10000 + 500 * number)) 500)
    launch_redis "$folder/$number" "$port" --cluster-enabled yes --cluster-node-timeout 5000
    nodes+=("127.0.0.1:$port")
    urls=$urls${urls:+,}redis://127.0.0.1:$port
  done
  for port in "${nodes[@]##*:}"; do await 'a node of the cluster' redis_answers "$port"; done
  redis_cli --cluster create "${nodes[@]}" --cluster-replicas 1 --cluster-yes >"$folder/log"
  for port in "${nodes[@]##*:}"; do await 'the cluster' cluster_is_whole "$port"; done
  publish SESSIONS_TEST_REDIS_CLUSTER "$urls" "$(redis_version "${nodes[0]##*:}")"
}

cluster_is_whole() {
  redis_cli -p "$1" cluster info | tr -d '\r' | grep -q '^cluster_state:ok' &&
    redis_cli -p "$1" cluster info | tr -d '\r' | grep -q '^cluster_known_nodes:6'
}
