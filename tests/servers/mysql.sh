# MariaDB, or MySQL where that is installed instead, with an empty database and one user, who may do in it what she likes.

mysql_package=mariadb-server

mysql_program() { has mariadbd || has mysqld; }

mysql_start() {
  local folder=$run/mysql port options
  port=$(free_port 19000 500)
  mkdir -p "$folder/data" "$folder/tmp"
  options=(--no-defaults --datadir="$folder/data" --tmpdir="$folder/tmp")
  # As root it wants to be told that it may.
  if is_root; then options+=(--user=root); fi
  if has mariadbd; then
    mariadb-install-db "${options[@]}" --auth-root-authentication-method=normal --skip-test-db >"$folder/init.log" 2>&1
  else
    mysqld "${options[@]}" --initialize-insecure >"$folder/init.log" 2>&1
    options+=(--mysqlx=OFF)
  fi
  launch "$folder/log" "$(command -v mariadbd || command -v mysqld)" "${options[@]}" --port="$port" --bind-address=127.0.0.1 \
    --socket="$folder/socket" --pid-file="$folder/number" --skip-log-bin --skip-name-resolve --max-connections=300 \
    --innodb-flush-log-at-trx-commit=0
  await 'MariaDB' mysql_client "$folder" -e 'SELECT 1'
  mysql_client "$folder" -e "
    CREATE DATABASE sessions;
    CREATE USER sessions@'127.0.0.1' IDENTIFIED BY 'sessions';
    GRANT ALL ON *.* TO sessions@'127.0.0.1' WITH GRANT OPTION"
  publish SESSIONS_TEST_MYSQL "mysql://sessions:sessions@127.0.0.1:$port/sessions" \
    "$(mysql_client "$folder" -Ne 'SELECT version()' | sed 's/^\([0-9.]*\)-MariaDB.*/MariaDB \1/; t; s/^/MySQL /')"
}

mysql_client() {
  local folder=$1
  shift
  "$(command -v mariadb || command -v mysql)" --no-defaults --socket="$folder/socket" --user=root "$@"
}
