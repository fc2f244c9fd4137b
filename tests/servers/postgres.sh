# PostgreSQL, with an empty database and one user, who may do in it what she likes.

postgres_package=postgresql

postgres_program() { postgres_folder >/dev/null; }

# Where the newest one's programs are: most of them are in nobody's path.
postgres_folder() {
  local folder
  folder=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
  if [ -x "$folder/initdb" ]; then
    echo "$folder"
  elif has initdb; then
    dirname "$(command -v initdb)"
  else
    return 1
  fi
}

# It refuses to run as root: then it runs as the user that its package made.
as_postgres() {
  if is_root; then
    setpriv --reuid=postgres --regid=postgres --init-groups env HOME=/ PGPASSWORD=sessions "$@"
  else
    env PGPASSWORD=sessions "$@"
  fi
}

postgres_start() {
  local folder=$run/postgres port programs
  programs=$(postgres_folder)
  port=$(free_port 18500 500)
  mkdir -p "$folder"
  printf sessions >"$folder/password"
  if is_root; then
    chmod 711 "$run"
    chown -R postgres "$folder"
  fi
  (
    cd "$folder"
    as_postgres "$programs/initdb" --pgdata=data --username=sessions --pwfile=password --auth=scram-sha-256 \
      --encoding=UTF8 --locale=C --no-sync >init.log 2>&1
  )
  launch_as_postgres "$folder" "$programs/postgres" -D "$folder/data" -p "$port" -k "$folder" \
    -c listen_addresses=127.0.0.1 -c fsync=off -c max_connections=300
  await 'PostgreSQL' as_postgres "$programs/psql" -h 127.0.0.1 -p "$port" -U sessions -d postgres -c 'CREATE DATABASE sessions'
  publish SESSIONS_TEST_POSTGRES "postgres://sessions:sessions@127.0.0.1:$port/sessions" \
    "$("$programs/postgres" --version | sed 's/^postgres (PostgreSQL)/PostgreSQL/')"
}

launch_as_postgres() {
  local folder=$1
  shift
  if is_root; then
    launch "$folder/../postgres.log" setpriv --reuid=postgres --regid=postgres --init-groups "$@"
  else
    launch "$folder/../postgres.log" "$@"
  fi
}
